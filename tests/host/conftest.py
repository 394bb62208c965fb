"""Plugins that are installed for one test."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

FIXTURES = Path(__file__).parent.parent / "fixtures_plugins"

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
