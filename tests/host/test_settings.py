"""Settings come from the file and the environment, and every problem is told at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from gongzhi.errors import SettingsError
from gongzhi.privacy import Privacy
from gongzhi.settings import Settings, describe, load_settings

SECRET = Privacy.new_secret()


def problems(path: Path | None = None, **environment: str) -> dict[str, str]:
    """Return what is wrong, by place, with its mend."""
    with pytest.raises(SettingsError) as caught:
        load_settings(path, environment)
    assert all(str(problem) in str(caught.value) for problem in caught.value.problems)
    return {p.where: f"{p.what} → {p.mend}" for p in caught.value.problems}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "gongzhi.toml"


def test_without_file_and_environment_the_defaults_hold(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert load_settings(None, {}) == Settings()


def test_the_file_in_the_working_directory_is_read(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_text("[server]\nport = 9000\n")
    monkeypatch.chdir(file.parent)
    assert load_settings(None, {}).server.port == 9000


def test_a_named_file_wins_over_the_environment_s_name(file: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.toml"
    file.write_text("[server]\nport = 9000\n")
    other.write_text("[server]\nport = 9001\n")
    assert load_settings(None, {"GONGZHI_CONFIG": str(other)}).server.port == 9001
    assert load_settings(file, {"GONGZHI_CONFIG": str(other)}).server.port == 9000


def test_the_environment_wins_over_the_file_and_leaves_the_rest(file: Path) -> None:
    file.write_text(
        'plugins = ["publication", "tea"]\n'
        '[server]\nport = 9000\nhost = "::1"\n'
        "[plugin.tea]\ncups = 3\npots = 2\n"
    )
    settings = load_settings(
        file,
        {
            "GONGZHI_SERVER__PORT": "8080",
            "GONGZHI_SERVER__HOSTS": "a.example, b.example",
            "GONGZHI_PLUGIN__TEA__CUPS": "7",
            "GONGZHI_LIMITS__COST": "10",
        },
    )
    assert settings.plugins == ("publication", "tea")
    assert settings.server.port == 8080
    assert settings.server.host == "::1"
    assert settings.server.hosts == ("a.example", "b.example")
    assert settings.limits.cost == 10
    assert settings.plugin == {"tea": {"cups": "7", "pots": 2}}


def test_a_list_in_the_environment_may_be_empty() -> None:
    assert load_settings(None, {"GONGZHI_PLUGINS": ""}).plugins == ()


def test_names_that_platforms_define_are_no_settings() -> None:
    environment = {
        "GONGZHI_PORT": "tcp://10.0.0.1:8000",
        "GONGZHI_SERVICE_HOST": "10.0.0.1",
        "GONGZHI_SERVER": "x",
        "GONGZHI_PLUGIN": "x",
        "GONGZHI_TRACE_PLUGINS": "1",
    }
    assert load_settings(None, environment) == Settings()


def test_every_problem_is_told_at_once_with_its_mend(file: Path) -> None:
    file.write_text(
        'plugns = ["x"]\ntime_zone = "Mars/Olympus"\n'
        "[limits]\ndepth = 0\ndefault_page_size = 200\n"
        "[server]\nprot = 1\n"
    )
    found = problems(
        file,
        GONGZHI_DATABASE__URL="mysql://user:sesame@host/db",
        GONGZHI_SERVER__PORT="many",
        GONGZHI_PRIVACY__SECRET="short",
        GONGZHI_PLUGINS="tea,tea",
        GONGZHI_CLOCK__SPEED="2",
    )
    assert set(found) == {
        f"{file} plugns",
        f"{file} time_zone",
        f"{file} limits.depth",
        f"{file} server.prot",
        "GONGZHI_DATABASE__URL",
        "GONGZHI_SERVER__PORT",
        "GONGZHI_PRIVACY__SECRET",
        "GONGZHI_PLUGINS",
        "GONGZHI_CLOCK",
    }
    assert found[f"{file} plugns"].endswith("did you mean plugins?")
    assert found[f"{file} server.prot"].endswith("did you mean port?")
    assert "known: database" in found["GONGZHI_CLOCK"]
    assert "gongzhi secret" in found["GONGZHI_PRIVACY__SECRET"]
    assert "sqlite://" in found["GONGZHI_DATABASE__URL"]
    assert "tea is named twice" in found["GONGZHI_PLUGINS"]
    assert "sesame" not in str(found)
    assert "short" not in found["GONGZHI_PRIVACY__SECRET"].split("shorter than")[0]


def test_the_default_page_must_fit_the_largest(file: Path) -> None:
    file.write_text("[limits]\npage_size = 10\n")
    assert "default_page_size is larger" in problems(file)[f"{file} limits"]


def test_secrets_may_stand_in_files(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(SECRET + "\n")
    (tmp_path / "url").write_text("postgres://user:pw@host/db\n")
    settings = load_settings(
        None,
        {
            "GONGZHI_PRIVACY__SECRET_FILE": str(tmp_path / "secret"),
            "GONGZHI_DATABASE__URL_FILE": str(tmp_path / "url"),
        },
    )
    assert settings.database_url == "postgres://user:pw@host/db"
    same = Privacy(SECRET)
    assert settings.privacy_keys().digest("x") == same.digest("x")


def test_a_secret_is_given_once_and_its_file_must_be_readable(tmp_path: Path) -> None:
    found = problems(
        GONGZHI_PRIVACY__SECRET=SECRET,
        GONGZHI_PRIVACY__SECRET_FILE=str(tmp_path),
        GONGZHI_DATABASE__URL_FILE=str(tmp_path / "absent"),
    )
    assert "not both" in found["GONGZHI_PRIVACY"]
    assert "No such file" in found["GONGZHI_DATABASE"]


def test_secrets_are_in_no_representation(tmp_path: Path) -> None:
    settings = Settings.model_validate(
        {"privacy": {"secret": SECRET}, "database": {"url": "postgres://u:sesame@h/d"}}
    )
    assert SECRET not in repr(settings)
    assert "sesame" not in repr(settings)


def test_without_a_secret_the_message_says_how_to_make_one() -> None:
    with pytest.raises(SettingsError, match="gongzhi secret"):
        Settings().privacy_keys()


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"[server\n", "is not TOML"),
        (b"\xff\xfe", "is not UTF-8"),
        (None, "cannot be read: No such file"),
    ],
)
def test_a_file_that_cannot_be_read_is_told(
    file: Path, content: bytes | None, expected: str
) -> None:
    if content is not None:
        file.write_bytes(content)
    assert expected in problems(file)[str(file)]


def test_settings_are_frozen() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Settings().server.port = 1


def test_every_setting_is_described() -> None:
    described = {name: (default, text) for name, default, text in describe()}
    assert described["limits.page_size"] == (
        "100",
        "The largest `first` of a connection.",
    )
    assert described["plugins"][0] == '["publication", "ledger", "workday"]'
    assert [name for name, (_, text) in described.items() if not text] == []
