"""The settings of one deployment: ``gongzhi.toml``, and the environment over it.

``GONGZHI_SERVER__PORT=8080`` is ``port`` in the table ``[server]``; lists in the environment are
separated by commas. Reading is ours rather than a library's because it is thirty lines, keeps
every environment value a text until its field's own type parses it, and can report every problem
at once, with the nearest known name for a misspelt one.

The reference in ``docs/`` is generated from the descriptions below.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)

from gongzhi.errors import GongzhiError, Problem, SettingsError
from gongzhi.privacy import Privacy

CONFIG_FILE = "gongzhi.toml"
"""Read from the working directory when no other file is named."""

ENV_PREFIX = "GONGZHI_"
ENV_CONFIG = "GONGZHI_CONFIG"
"""Names the settings file, as ``--config`` does."""

_DATABASE_URL = re.compile(r"(sqlite|postgres|postgresql)://.+")


def _split(value: object) -> object:
    """Let the environment write a list as ``a,b``."""
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return value


Names = Annotated[tuple[str, ...], BeforeValidator(_split)]
Count = Annotated[int, Field(ge=1)]
Counts = Annotated[tuple[Count, ...], BeforeValidator(_split)]


class Table(BaseModel):
    """One table of the file: frozen, and unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


def _read_secret(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeError) as exc:
        reason = exc.strerror if isinstance(exc, OSError) else "it is not text"
        message = f"cannot read {file}: {reason}"
        raise ValueError(message) from exc


def _from_file(values: object, name: str) -> object:
    """Replace ``<name>_file`` by the text of that file, as containers hand secrets over."""
    if not isinstance(values, dict) or not values.get(f"{name}_file"):
        return values
    if values.get(name):
        message = f"give either {name} or {name}_file, not both"
        raise ValueError(message)
    return {**values, name: _read_secret(Path(values[f"{name}_file"]))}


class DatabaseSettings(Table):
    """Where the data is."""

    url: SecretStr = Field(
        default=SecretStr("sqlite://gongzhi.sqlite3"),
        description="`sqlite://relative/path`, `sqlite:///absolute/path` or "
        "`postgres://user:password@host:5432/name`.",
    )
    url_file: Path | None = Field(
        default=None, description="A file whose text is the URL, instead of `url`."
    )

    @model_validator(mode="before")
    @classmethod
    def _url_from_file(cls, values: object) -> object:
        return _from_file(values, "url")

    @field_validator("url")
    @classmethod
    def _known_database(cls, url: SecretStr) -> SecretStr:
        if not _DATABASE_URL.fullmatch(url.get_secret_value()):
            message = "write sqlite://path or postgres://user:password@host:port/name"
            raise ValueError(message)
        return url


class ServerSettings(Table):
    """How the server listens and what it shows."""

    host: str = Field(default="127.0.0.1", description="The address to listen on.")
    port: int = Field(default=8000, ge=0, le=65535, description="The port; 0 takes any free one.")
    hosts: Names = Field(
        default=("localhost", "127.0.0.1", "[::1]"),
        description="Host names that requests may name, without port; `*` is any.",
    )
    workers: Count = Field(default=1, description="Processes; SQLite is served best by one.")
    graphiql: bool = Field(default=False, description="Serve the GraphiQL page at `/graphql`.")
    introspection: bool = Field(
        default=False,
        description="Answer introspection of the schema to anyone; GraphiQL needs it.",
    )


class LimitSettings(Table):
    """What one request may ask for; what is over a limit is refused before it runs."""

    depth: Count = Field(default=10, description="Levels of fields.")
    aliases: Count = Field(default=15, description="Aliases in the operation.")
    root_fields: Count = Field(default=20, description="Fields of the operation's root.")
    tokens: Count = Field(default=1000, description="Lexical tokens of the document.")
    directives: Count = Field(default=50, description="Directives in the document.")
    operations: Count = Field(default=10, description="Operations in the document.")
    variables: Count = Field(default=50, description="Variables of the operation.")
    page_size: Count = Field(default=100, description="The largest `first` of a connection.")
    default_page_size: Count = Field(default=20, description="`first` where none is given.")
    cost: Count = Field(default=5000, description="The cost that `extensions.cost` shows.")
    body_bytes: Count = Field(default=1_000_000, description="Bytes of the request body.")
    timeout_seconds: float = Field(
        default=10, gt=0, description="Seconds that one operation may run."
    )
    errors: Count = Field(default=5, description="Errors in one answer; more are left out.")

    @model_validator(mode="after")
    def _default_page_fits(self) -> LimitSettings:
        if self.default_page_size > self.page_size:
            message = "default_page_size is larger than page_size"
            raise ValueError(message)
        return self


class PrivacySettings(Table):
    """The key of personal values; whoever loses it loses them."""

    secret: SecretStr | None = Field(
        default=None,
        description="At least 32 random bytes as base64, made by `gongzhi secret`. Needed as "
        "soon as personal data is stored; keep a copy apart from the database's backups.",
    )
    secret_file: Path | None = Field(
        default=None, description="A file whose text is the secret, instead of `secret`."
    )

    @model_validator(mode="before")
    @classmethod
    def _secret_from_file(cls, values: object) -> object:
        return _from_file(values, "secret")

    @field_validator("secret")
    @classmethod
    def _usable(cls, secret: SecretStr | None) -> SecretStr | None:
        if secret is not None:
            try:
                Privacy(secret.get_secret_value())
            except GongzhiError as exc:
                raise ValueError(str(exc)) from exc
        return secret


class RegistrySettings(Table):
    """Figures of the registry that the rules of the Party leave to a deployment."""

    contact_days: Count = Field(
        default=180,
        description="Days without contact after which a member is suspected lost (失联).",
    )
    vacant_months: Count = Field(
        default=6,
        description="Months without attendance and dues after which a membership counts as "
        "vacant (空挂).",
    )
    branch_min_members: Count = Field(
        default=3,
        description="Full members that a branch needs; fewer is warned of, never refused.",
    )
    joint_max_units: Count = Field(
        default=5,
        description="Units that a jointly set up branch (联合党支部) covers at most; warned of.",
    )
    branch_max_members: Count = Field(
        default=50,
        description="Members above which a branch should become a general branch; warned of.",
    )


class JobSettings(Table):
    """What is done beside requests: jobs, and events brought to their subscribers."""

    in_process: bool = Field(
        default=True,
        description="Whether `gongzhi serve` does it. Switch it off where `gongzhi worker` runs.",
    )
    concurrency: Count = Field(default=4, description="Jobs that one process runs at a time.")
    poll_seconds: float = Field(
        default=1,
        gt=0,
        description="Seconds between two looks for what other processes have left to do.",
    )
    done_days: Count = Field(default=30, description="Days that jobs that are done are kept.")
    request_key_days: Count = Field(
        default=7,
        description="Days for which an idempotency key is remembered; a client that tries again "
        "later than that writes again.",
    )


class WebhookSettings(Table):
    """How other systems are told what happened."""

    allow_private: Names = Field(
        default=(),
        description="Hosts, as they stand in a URL, that webhooks may reach at an internal address "
        "and without TLS; `*` is any.",
    )
    timeout_seconds: float = Field(
        default=5, gt=0, description="Seconds that one attempt may take, all in all."
    )
    retry_seconds: Counts = Field(
        default=(5, 30, 120, 600, 3600, 21600, 86400),
        description="Seconds before each retry, a fifth more or less; after the last a delivery "
        "is given up.",
    )
    pause_after_hours: Count = Field(
        default=72,
        description="A webhook that has taken nothing for so long is paused when a delivery is "
        "given up.",
    )
    rotation_hours: Count = Field(
        default=24, description="Hours for which the old secret of a webhook signs beside the new."
    )
    keep_days: Count = Field(
        default=30, description="Days that deliveries are kept in the log once they are settled."
    )
    source: str = Field(
        default="",
        description="`source` of the messages, a URI; without one a `urn:uuid:` of the "
        "deployment's secret.",
    )


class Settings(Table):
    """Everything that a deployment decides.

    Constructing one reads nothing from outside; :func:`load_settings` reads file and environment.
    """

    plugins: Names = Field(
        default=("publication", "ledger", "workday"),
        description="The enabled plugins besides the core. What is not named is not imported, "
        "has no tables and is not in the schema; its data stays.",
    )
    time_zone: str = Field(
        "Asia/Shanghai", description="The zone in which a day begins; instants are kept in UTC."
    )
    database: DatabaseSettings = Field(default_factory=DatabaseSettings)
    server: ServerSettings = Field(default_factory=ServerSettings)
    limits: LimitSettings = Field(default_factory=LimitSettings)
    privacy: PrivacySettings = Field(default_factory=PrivacySettings)
    registry: RegistrySettings = Field(default_factory=RegistrySettings)
    jobs: JobSettings = Field(default_factory=JobSettings)
    webhooks: WebhookSettings = Field(default_factory=WebhookSettings)
    plugin: Mapping[str, Mapping[str, Any]] = Field(
        default_factory=dict,
        description="`[plugin.<name>]`: the settings of a plugin, checked by the plugin's model.",
    )

    @field_validator("plugins")
    @classmethod
    def _each_once(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            message = f"{', '.join(twice)} is named twice"
            raise ValueError(message)
        return names

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError) as exc:
            message = "no such time zone; write one like Asia/Shanghai"
            raise ValueError(message) from exc
        return name

    @property
    def zone(self) -> ZoneInfo:
        """The deployment's time zone."""
        return ZoneInfo(self.time_zone)

    @property
    def database_url(self) -> str:
        """The database URL, with its password."""
        return self.database.url.get_secret_value()

    def privacy_keys(self) -> Privacy:
        """Return the keys of personal values.

        :raises SettingsError: when the deployment has no secret yet.
        """
        if self.privacy.secret is None:
            raise SettingsError(_TITLE, [_NO_SECRET])
        return Privacy(self.privacy.secret.get_secret_value())


_TITLE = "The settings cannot be used:"
_NO_SECRET = Problem(
    "privacy.secret",
    "is missing, and personal values are encrypted with it",
    f"make one with: gongzhi secret; then put it into {CONFIG_FILE} or "
    f"{ENV_PREFIX}PRIVACY__SECRET_FILE",
)


def load_settings(
    path: str | os.PathLike[str] | None = None, environment: Mapping[str, str] | None = None
) -> Settings:
    """Read the settings.

    :param path: the file; without one, ``GONGZHI_CONFIG``, else ``gongzhi.toml`` in the working
        directory if there is one, else the defaults.
    :param environment: instead of the process's environment.
    :raises SettingsError: with every problem of file and environment.
    """
    environment = os.environ if environment is None else environment
    problems: list[Problem] = []
    file = _settings_file(path, environment)
    values = _read_file(file, problems) if file is not None else {}
    named = str(file) if file is not None else CONFIG_FILE
    from_environment = _read_environment(environment)
    try:
        settings = Settings.model_validate(_merge(values, from_environment))
    except ValidationError as exc:
        problems += problems_of(exc, Settings, lambda key: _source(key, from_environment, named))
    if problems:
        raise SettingsError(_TITLE, problems)
    return settings


def problems_of(
    error: ValidationError,
    model: type[BaseModel],
    where: Callable[[tuple[str, ...]], str],
) -> list[Problem]:
    """Turn pydantic's findings into problems; values are left out, for they may be secrets.

    :param where: called with the path of the setting as a tuple, returns how to name it.
    """
    found = []
    for item in error.errors(include_url=False, include_context=False, include_input=False):
        key = tuple(str(part) for part in item["loc"])
        if item["type"] == "extra_forbidden":
            names = _names_of(model, key[:-1])
            near = get_close_matches(key[-1], names, n=1)
            known = f"known: {', '.join(sorted(names))}" if names else "take it out"
            mend = f"did you mean {near[0]}?" if near else known
            found.append(Problem(where(key), "there is no such setting", mend))
        elif item["type"] == "missing":
            found.append(Problem(where(key), "is missing", "it has no default, so set it"))
        else:
            text = item["msg"].removeprefix("Value error, ")
            found.append(Problem(where(key), text[:1].lower() + text[1:]))
    return found


def _settings_file(
    path: str | os.PathLike[str] | None, environment: Mapping[str, str]
) -> Path | None:
    named = path or environment.get(ENV_CONFIG)
    if named:
        return Path(named)
    return Path(CONFIG_FILE) if Path(CONFIG_FILE).exists() else None


def _read_file(file: Path, problems: list[Problem]) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as exc:
        mend = "name a file that exists and can be read"
        problems.append(Problem(str(file), f"cannot be read: {exc.strerror}", mend))
    except UnicodeDecodeError:
        problems.append(Problem(str(file), "is not UTF-8", "save it as UTF-8"))
    except tomllib.TOMLDecodeError as exc:
        problems.append(Problem(str(file), f"is not TOML: {exc}", "mend that line"))
    return {}


def _read_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    """Return the settings in the environment as nested tables.

    A name without ``__`` counts only if it is a setting: container platforms define names such
    as ``GONGZHI_PORT`` for a service that is called gongzhi.
    """
    values: dict[str, Any] = {}
    for name, text in sorted(environment.items()):
        if not name.startswith(ENV_PREFIX):
            continue
        *tables, last = name.removeprefix(ENV_PREFIX).lower().split("__")
        if not tables and (last not in Settings.model_fields or _is_table(last)):
            continue
        inner = values
        for table in tables:
            inner = inner.setdefault(table, {})
        inner[last] = text
    return values


def _is_table(name: str) -> bool:
    annotation = Settings.model_fields[name].annotation
    return _table(annotation) is not None or get_origin(annotation) is Mapping


def _merge(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        old = merged.get(key)
        if isinstance(old, Mapping) and isinstance(value, Mapping):
            merged[key] = _merge(old, value)
        else:
            merged[key] = value
    return merged


def _source(key: tuple[str, ...], from_environment: Mapping[str, Any], file: str) -> str:
    """Name a setting by where its value comes from."""
    inner: Any = from_environment
    for part in key:
        if not isinstance(inner, Mapping) or part not in inner:
            return f"{file} {'.'.join(key)}"
        inner = inner[part]
    return ENV_PREFIX + "__".join(key).upper()


def _table(annotation: object) -> type[BaseModel] | None:
    return (
        annotation
        if isinstance(annotation, type) and issubclass(annotation, BaseModel)
        else next(filter(None, map(_table, get_args(annotation))), None)
    )


def _names_of(model: type[BaseModel], path: tuple[str, ...]) -> tuple[str, ...]:
    for part in path:
        field = model.model_fields.get(part)
        inner = _table(field.annotation) if field else None
        if inner is None:
            return ()
        model = inner
    return tuple(model.model_fields)


def describe(model: type[BaseModel] = Settings, table: str = "") -> Iterator[tuple[str, str, str]]:
    """Yield every setting as ``(name, default, description)``, for the reference."""
    for name, field in model.model_fields.items():
        full = f"{table}.{name}" if table else name
        inner = _table(field.annotation)
        if inner is not None:
            yield from describe(inner, full)
        else:
            default = field.get_default(call_default_factory=True)
            if isinstance(default, SecretStr):
                default = default.get_secret_value()
            yield full, "" if field.is_required() else _toml(default), field.description or ""


def _toml(value: object) -> str:
    """Write a default as TOML would."""
    if value is None or value == {}:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return f"[{', '.join(map(_toml, value))}]"
    return f'"{value}"' if isinstance(value, str) else str(value)
