"""``gongzhi serve`` and ``gongzhi demo`` as processes of their own, asked over HTTP."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gongzhi.privacy import Privacy
from tests.host.conftest import Gongzhi, Point, configure

_COMMAND = (sys.executable, "-c", "from gongzhi_schema.cli import main; main()")
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@contextmanager
def running(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Start a command that serves; gives the process and the address that it names."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("GONGZHI_")}
    server = subprocess.Popen(
        [*_COMMAND, *arguments],
        env=environment | {"PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    told = ""
    try:
        for line in server.stdout:
            told += line
            if found := re.search(r"http://[^/ ]+", line):
                yield server, found[0]
                break
        else:
            pytest.fail(told)
    finally:
        if server.poll() is None:
            server.kill()
        server.wait()
        server.stdout.close()


def ask(address: str, query: str, token: str | None = None) -> dict[str, object]:
    headers = {"content-type": "application/json"}
    if token:
        headers["authorization"] = f"Bearer {token}"
    request = urllib.request.Request(  # noqa: S310  # our own server
        f"{address}/graphql", json.dumps({"query": query}).encode(), headers
    )
    with _DIRECT.open(request, timeout=30) as answer:
        assert "server" not in {name.lower() for name in answer.headers}
        return json.loads(answer.read())


def page_request(address: str) -> urllib.request.Request:
    return urllib.request.Request(  # noqa: S310  # our own server
        f"{address}/graphql", headers={"accept": "text/html"}
    )


def stop(server: subprocess.Popen[str], how: signal.Signals = signal.SIGTERM) -> str:
    """Stop a server in order and return what it still said."""
    server.send_signal(how)
    said, _ = server.communicate(timeout=30)
    assert server.returncode == 0, said
    return said


@pytest.mark.parametrize("workers", ["1", "2"])
def test_serve_answers_and_stops_in_order(at: Point, workers: str) -> None:
    gongzhi = at(migrated=True)
    gongzhi("account", "create", "a")
    token = gongzhi("token", "create", "a").out.strip()
    with running("serve", "--port", "0", "--workers", workers) as (server, address):
        answer = ask(address, "{ viewer { name } }", token)
        assert answer["data"] == {"viewer": {"name": "a"}}
        with _DIRECT.open(f"{address}/readyz", timeout=30) as ready:
            assert ready.status == 200
        assert stop(server) == ""


def test_ctrl_c_stops_without_a_traceback(at: Point) -> None:
    at(migrated=True)
    with running("serve", "--port", "0") as (server, address):
        ask(address, "{ viewer { name } }")
        assert stop(server, signal.SIGINT) == ""


def test_a_taken_port_is_told(at: Point) -> None:
    gongzhi = at(migrated=True)
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        for command in (("serve", "--port", port), ("demo", "--port", port)):
            answer = gongzhi(*command)
            assert answer.code == 1
            assert f"port {port}: Address already in use; choose another --port" in answer.err
    assert not Path("gongzhi-demo.toml").exists()


# ---- the demo ------------------------------------------------------------------------------------

TOKEN = re.compile(r"^  (demo-\w+) +(gz_[\w-]{43})$", re.MULTILINE)


@pytest.fixture(scope="module")
def demo_folder(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Load the demo once; returns its folder and what was printed."""
    folder = tmp_path_factory.mktemp("demo")
    environment = {k: v for k, v in os.environ.items() if not k.startswith("GONGZHI_")}
    done = subprocess.run(
        [*_COMMAND, "demo", "--no-serve"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return folder, done.stdout


def test_the_demo_says_what_it_loaded_its_tokens_and_a_first_answer(
    demo_folder: tuple[Path, str],
) -> None:
    folder, printed = demo_folder
    assert re.search(r"^  core: 10,\d{3} areas$", printed, re.MULTILINE)
    tokens = dict(TOKEN.findall(printed))
    assert {"demo-district", "demo-xinhai", "demo-resident"} <= tokens.keys()
    answer = json.loads(printed[printed.index('{\n  "data"') : printed.rindex("}") + 1])
    assert "errors" not in answer
    town = answer["data"]["organization"]
    assert town["name"].endswith("新海镇委员会")
    assert town["subordinates"]["totalCount"] == 5
    assert (folder / "gongzhi-demo.sqlite3").exists()
    settings = folder / "gongzhi-demo.toml"
    assert settings.stat().st_mode & 0o077 == 0
    assert "gongzhi --config gongzhi-demo.toml serve" in printed


def test_the_demo_is_served_again_with_new_tokens(
    demo_folder: tuple[Path, str], gongzhi: Gongzhi, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, printed = demo_folder
    monkeypatch.chdir(folder)
    with running("demo", "--port", "0") as (server, address):
        with _DIRECT.open(page_request(address), timeout=30) as answer:
            assert b"GraphiQL" in answer.read()
        old = dict(TOKEN.findall(printed))["demo-district"]
        counted = ask(address, "{ members { totalCount } }", old)
        assert counted["data"]["members"]["totalCount"] > 468
        stop(server)
    again = gongzhi("demo", "--no-serve")
    assert "the demo is there already" in again.out
    assert dict(TOKEN.findall(again.out)).keys() == dict(TOKEN.findall(printed)).keys()
    assert dict(TOKEN.findall(again.out))["demo-district"] != old


def test_fresh_begins_anew_but_deletes_nothing_else(gongzhi: Gongzhi) -> None:
    Path("notes.sqlite3").write_bytes(b"not a database")
    answer = gongzhi("demo", "--no-serve", "--fresh", "--database", "notes.sqlite3")
    assert answer.code == 1
    assert "holds something else than a demo" in answer.err
    assert Path("notes.sqlite3").read_bytes() == b"not a database"

    secret = Privacy.new_secret()
    configure(
        f'plugins = []\n[database]\nurl = "sqlite://real.sqlite3"\n[privacy]\nsecret = "{secret}"\n'
    )
    gongzhi("migrate")
    gongzhi("account", "create", "somebody")
    answer = gongzhi("demo", "--no-serve", "--fresh", "--database", "real.sqlite3")
    assert answer.code == 1
    assert "somebody" in gongzhi("account", "list").out
    answer = gongzhi("demo", "--no-serve", "--database", "real.sqlite3")
    assert answer.code == 1
    assert "not real.toml with its secret" in answer.err

    answer = gongzhi("demo", "--no-serve", "--fresh", "--database", "postgres://me@127.0.0.1:1/x")
    assert answer.code == 1
    assert "SQLite files only" in answer.err


def test_fresh_replaces_an_old_demo(
    demo_folder: tuple[Path, str], gongzhi: Gongzhi, tmp_path: Path
) -> None:
    folder, _ = demo_folder
    for file in folder.glob("gongzhi-demo.*"):
        Path(file.name).write_bytes(file.read_bytes())
    before = Path("gongzhi-demo.toml").read_text()
    answer = gongzhi("demo", "--no-serve", "--fresh")
    assert answer.code == 0
    assert re.search(r"^  core: 10,\d{3} areas$", answer.out, re.MULTILINE)
    assert Path("gongzhi-demo.toml").read_text() != before


def test_a_place_that_cannot_be_written_is_told(gongzhi: Gongzhi) -> None:
    answer = gongzhi("demo", "--no-serve", "--database", "absent/folder/demo.sqlite3")
    assert answer.code == 1
    assert "cannot write absent/folder/demo.toml: No such file or directory" in answer.err
