"""The public names of ``gongzhi``."""

from __future__ import annotations

import importlib
import subprocess
import sys

import pytest

import gongzhi


def test_every_public_name_is_there_and_its_module_s_own() -> None:
    assert sorted(gongzhi.__all__) == sorted(gongzhi._HOME)
    for name, home in gongzhi._HOME.items():
        assert getattr(gongzhi, name) is getattr(importlib.import_module(f"gongzhi.{home}"), name)


def test_other_names_are_not() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Plugn'"):
        gongzhi.Plugn  # noqa: B018


def test_importing_the_package_imports_nothing_heavy() -> None:
    program = "import sys, gongzhi; print({'tortoise', 'pydantic', 'pluggy'} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == "set()\n"
