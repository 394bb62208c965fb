"""Plugins that are installed for one test, and the command line in a folder of its own."""

from __future__ import annotations

import importlib
import io
import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from gongzhi_schema.cli import main
from tests.conftest import FreshDatabase

FIXTURES = Path(__file__).parent.parent / "fixtures_plugins"

TEA = FIXTURES.parent / "third_party" / "gongzhi_tea" / "gongzhi_tea"

sys.path.insert(0, str(FIXTURES))

Install = Callable[..., None]


def write_distribution(folder: Path, name: str, entries: Mapping[str, str]) -> None:
    """Write the metadata of a distribution, as an installer would."""
    info = folder / f"{name.replace('-', '_')}-0.1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 0.1.0\n")
    lines = [f"{key} = {target}" for key, target in entries.items()]
    (info / "entry_points.txt").write_text("\n".join(["[gongzhi.plugins]", *lines, ""]))


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Return a function that installs the fixture plugins ``name="module:attribute"``."""
    site = tmp_path / "site-packages"
    site.mkdir()
    monkeypatch.syspath_prepend(str(site))
    before = set(sys.modules)

    def install(distribution: str = "gongzhi-fixtures", **entries: str) -> None:
        write_distribution(site, distribution, entries)
        importlib.invalidate_caches()

    yield install
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(FIXTURES)):
            del sys.modules[name]


@dataclass
class Answer:
    """What a command gave."""

    code: int
    out: str
    err: str


Gongzhi = Callable[..., Answer]
"""``gongzhi(*arguments, answers="")``."""

Point = Callable[..., Gongzhi]
"""``at(*plugins, migrated=False)``: the command on a database of its own."""


@pytest.fixture
def gongzhi(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Gongzhi:
    """Return a function that runs the command in an empty folder, without the environment's."""
    for name in os.environ:
        if name.startswith("GONGZHI_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("GONGZHI_CONFIG", "")  # so that what --config sets ends with the test
    folder = tmp_path / "deployment"
    folder.mkdir()
    monkeypatch.chdir(folder)
    (folder / "gongzhi.toml").write_text("plugins = []\n")

    def run(*arguments: str, answers: str = "") -> Answer:
        capsys.readouterr()
        monkeypatch.setattr(sys, "stdin", io.StringIO(answers))
        with pytest.raises(SystemExit) as left:
            main(arguments)
        told = capsys.readouterr()
        if isinstance(left.value.code, str):  # as the interpreter would print it
            return Answer(1, told.out, told.err + left.value.code)
        return Answer(left.value.code or 0, told.out, told.err)

    return run


def configure(text: str) -> None:
    Path("gongzhi.toml").write_text(text)


@pytest.fixture
def tea(install: Install, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Install a copy of the third-party plugin for one test; returns its package."""
    package = tmp_path / "tea" / "gongzhi_tea"
    shutil.copytree(TEA, package, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.syspath_prepend(str(package.parent))
    install(tea="gongzhi_tea:plugin")
    yield package
    for name in [name for name in sys.modules if name.split(".")[0] == "gongzhi_tea"]:
        del sys.modules[name]


@pytest.fixture
def at(fresh_database: FreshDatabase, dialect: str, gongzhi: Gongzhi) -> Point:
    """Point the deployment at a database, empty unless ``migrated``."""

    def point(*plugins: str, migrated: bool = False) -> Gongzhi:
        url = fresh_database(dialect=dialect, migrated=migrated)
        configure(f'plugins = {json.dumps(plugins)}\n[database]\nurl = "{url}"\n')
        return gongzhi

    return point
