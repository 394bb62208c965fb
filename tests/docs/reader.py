"""Somebody who follows a page of the documentation: writes its files, runs its commands."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import sysconfig
import urllib.request
import zipfile
from pathlib import Path

from tests.docs.markdown import Block

# What `uv run` does once the environment is there; the network is left out of it.
_UV = """#!/bin/sh
test "$1" = run || { echo "the pages use only: uv run" >&2; exit 2; }
shift
case "$1" in
gongzhi) shift; exec python -c "from gongzhi_schema.cli import main; main()" "$@" ;;
pytest) shift; exec python -m pytest -p no:cacheprovider "$@" ;;
*) exec "$@" ;;
esac
"""
_EXIT = re.compile(r"exit code (\d)")


class Environment:
    """An environment that has all that the tests have, and room for one more package."""

    def __init__(self, folder: Path) -> None:
        """Make it in a folder."""
        self.folder = folder / "venv"
        self.bin = self.folder / "bin"
        self._run([sys.executable, "-m", "venv", "--without-pip", str(self.folder)], folder)
        version = f"python{sys.version_info.major}.{sys.version_info.minor}"
        self._site = self.folder / "lib" / version / "site-packages"
        ours = sysconfig.get_paths()["purelib"]
        (self._site / "host.pth").write_text(f"import site; site.addsitedir({ours!r})")
        stub = self.bin / "uv"
        stub.write_text(_UV)
        stub.chmod(0o755)

    def install(self, project: Path) -> None:
        """Install as ``uv run`` would: the metadata of its wheel, the code in its folder."""
        wheels = self.folder / "wheels"
        build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(wheels)]
        self._run(build, project)
        (wheel,) = wheels.glob("*.whl")
        with zipfile.ZipFile(wheel) as made:
            names = [name for name in made.namelist() if ".dist-info/" in name]
            made.extractall(self._site, names)
        (self._site / "project.pth").write_text(str(project))

    @staticmethod
    def _run(command: list[str], folder: Path) -> None:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


class Reader:
    """Follows pages in one folder."""

    def __init__(self, project: Path, environment: Environment) -> None:
        self.project = project
        self._environment = environment
        self._installed = False
        self.printed: list[str] = []
        self.answers: list[object] = []
        self.env = {
            **{k: v for k, v in os.environ.items() if not k.startswith(("GONGZHI", "PYTEST"))},
            "PATH": f"{environment.bin}:{os.environ['PATH']}",
            "PYTHONDONTWRITEBYTECODE": "1",
        }

    def follow(self, block: Block) -> None:
        """Do what a block says: write its file, or run its commands."""
        if block.language == "console":
            self._run(block)
        else:
            assert block.title, f"line {block.line}: which file is it?"
            self._write(block)

    def _write(self, block: Block) -> None:
        name, _, where = block.title.partition(", ")
        file = self.project / name
        file.parent.mkdir(parents=True, exist_ok=True)
        if not where:
            file.write_text(block.text)
            return
        text = file.read_text()
        places = {
            "in the class": lambda: re.sub(r"\n\n\n(?=plugin = )", f"\n\n{block.text}\n\n", text),
            "in place of the import": lambda: re.sub(
                r"^from gongzhi import .*\n", block.text, text, flags=re.MULTILINE
            ),
        }
        changed = places[where]()
        assert changed != text, block.title
        file.write_text(changed)

    def _run(self, block: Block) -> None:
        """Run commands; each must end as the block says and print what stands below it."""
        if not self._installed and (self.project / "pyproject.toml").exists():
            self._environment.install(self.project)
            self._installed = True
        code = _EXIT.fullmatch(block.title)
        for command, expected in transcript(block):
            refused = expected.startswith("gongzhi: ")
            wanted = int(code[1]) if code else int(refused)
            done = self.shell(command)
            assert done.returncode == wanted, f"{command}\n{done.stdout}{done.stderr}"
            found = done.stderr if refused else done.stdout
            self.printed.append(found)
            if expected:
                assert matches(expected, found), f"{command}\n{found}"

    def shell(self, command: str) -> subprocess.CompletedProcess[str]:
        """Run one command line."""
        return subprocess.run(
            ["sh", "-c", command],
            cwd=self.project,
            env=self.env,
            capture_output=True,
            text=True,
            check=False,
        )

    def ask(self, config: str, queries: list[str], token: str) -> list[object]:
        """Serve a database and ask it over HTTP, one after the other."""
        server = subprocess.Popen(
            ["uv", "run", "gongzhi", "--config", config, "serve", "--port", "0"],
            cwd=self.project,
            env=self.env,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert server.stderr is not None
        try:
            line = server.stderr.readline()
            assert line.startswith("serving http://127.0.0.1:"), line + server.stderr.read()
            return [self._post(line.split()[1], query, token) for query in queries]
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(timeout=30)
            server.stderr.close()

    @staticmethod
    def _post(url: str, query: str, token: str) -> object:
        request = urllib.request.Request(  # noqa: S310  # our own server
            url,
            data=json.dumps({"query": query}).encode(),
            headers={"content-type": "application/json", "authorization": f"Bearer {token}"},
        )
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with direct.open(request, timeout=30) as answer:
            return json.loads(answer.read())


def transcript(block: Block) -> list[tuple[str, str]]:
    """Split a block into commands and what they print."""
    found: list[tuple[str, list[str]]] = []
    for line in block.text.splitlines():
        if line.startswith("$ "):
            found.append((line[2:], []))
        else:
            found[-1][1].append(line)
    return [(command, "\n".join(lines)) for command, lines in found]


def matches(expected: str, found: str) -> bool:
    """Compare what was printed; ``…`` stands for anything, and blanks are not counted."""
    pattern = ".*".join(re.escape(_even(part)) for part in expected.strip().split("…"))
    return re.fullmatch(pattern, _even(found.strip()), re.DOTALL) is not None


def _even(text: str) -> str:
    return re.sub(r"[ \t]+", " ", text)
