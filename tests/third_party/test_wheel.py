"""A third party's plugin, built into a wheel and installed beside a wheel of the host."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import urllib.request
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parent.parent

ROWS = """
import asyncio, datetime as dt
from gongzhi import PluginRegistry, load_settings
from gongzhi.database import open_database
from gongzhi.registry.models import Member, Organization, Person
from gongzhi_tea.models import TeaParty

async def main():
    settings = load_settings()
    registry = PluginRegistry.load(settings)
    privacy = settings.privacy_keys()
    async with open_database(settings.database_url, registry.plugins):
        branch = await Organization.create(
            code="B", name="甲支部", kind="X", level="X", path="1."
        )
        person = await Person.create(
            organization=branch, org_path="1.", name_cipher=privacy.encrypt("甲某"),
            name_hash=privacy.digest("甲某"), name_masked="甲*", synthetic=True,
        )
        member = await Member.create(
            person=person, branch=branch, org_path="1.", stage="FULL_MEMBER"
        )
        await TeaParty.create(
            organization=branch, org_path="1.", host=member, title="清明茶", leaf="GREEN",
            held_on=dt.date(2026, 4, 5),
        )

asyncio.run(main())
"""
QUERY = """{
  members { nodes { name teaParties { title leaf { labelZh } heldOn } } }
  registers { code count plugin }
}"""
PLAN = """mutation {
  teaPartyPlan(input: {host: "Member:1", title: "谷雨茶", leaf: "GREEN", on: "2026-04-20"}) {
    teaParty { id state viewerCan { hold cancel } }
    errors { code }
  }
}"""
HOLD = """mutation {
  teaPartyHold(input: {party: "TeaParty:2", guests: 1}) { teaParty { id } errors { code field } }
}"""
LEAVE = """mutation {
  memberChangeState(input: {member: "Member:1", state: DECEASED}) { member { id } errors { code } }
}"""
BECAME = '{ teaParty(id: "TeaParty:2") { state transitions { action actor } } }'


class District:
    """A folder with settings, and an environment with the wheels."""

    def __init__(self, folder: Path, environment: Path) -> None:
        self.folder = folder
        self.bin = environment / "bin"
        self.env = {k: v for k, v in os.environ.items() if not k.startswith(("GONGZHI", "PYTHON"))}

    def run(self, program: str, *arguments: str) -> str:
        """Run a program of the environment and return what it prints; it must succeed."""
        done = subprocess.run(
            [self.bin / program, *arguments],
            cwd=self.folder,
            env=self.env,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr + done.stdout
        return done.stdout

    def configure(self, *plugins: str, cups: int = 12) -> None:
        """Write the settings."""
        (self.folder / "gongzhi.toml").write_text(
            f"plugins = {json.dumps(plugins)}\n[plugin.tea]\ncups = {cups}\n"
            f'[privacy]\nsecret = "{"A" * 44}"\n'
        )

    def ask(self, token: str, *queries: str) -> list[dict[str, object]]:
        """Start the server, send requests over HTTP and stop the server."""
        server = subprocess.Popen(
            [self.bin / "gongzhi", "serve", "--port", "0"],
            cwd=self.folder,
            env=self.env,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            line = server.stderr.readline()
            assert line.startswith("serving http://127.0.0.1:"), line + server.stderr.read()
            return [self._post(line.split()[1], query, token) for query in queries]
        finally:
            server.send_signal(signal.SIGTERM)
            assert server.wait(timeout=30) == 0
            server.stderr.close()

    @staticmethod
    def _post(url: str, query: str, token: str) -> dict[str, object]:
        request = urllib.request.Request(  # noqa: S310  # our own server
            url,
            data=json.dumps({"query": query}).encode(),
            headers={"content-type": "application/json", "authorization": f"Bearer {token}"},
        )
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with direct.open(request, timeout=30) as answer:
            return json.loads(answer.read())


def build(project: Path, out: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(out)],
        cwd=project,
        check=True,
        capture_output=True,
    )


def install(environment: Path, wheels: list[Path]) -> None:
    """Make an environment with these wheels, without any network.

    What the wheels depend on is taken from the environment of the tests.
    """
    uv = os.environ.get("UV") or shutil.which("uv")
    python = environment / "bin" / "python"
    if uv:
        make = [uv, "venv", "--offline", "--python", sys.executable, str(environment)]
        add = [uv, "pip", "install", "--offline", "--no-deps", "--python", str(python)]
    else:
        make = [sys.executable, "-m", "venv", str(environment)]
        add = [str(python), "-m", "pip", "install", "--no-index", "--no-deps"]
    subprocess.run(make, check=True, capture_output=True)
    subprocess.run([*add, *map(str, wheels)], check=True, capture_output=True)
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    site = environment / "lib" / version / "site-packages"
    (site / "dependencies.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")


@pytest.fixture(scope="module")
def district(tmp_path_factory: pytest.TempPathFactory) -> District:
    """Build both wheels and install them."""
    folder = tmp_path_factory.mktemp("third-party")
    wheels = folder / "wheels"
    source = folder / "gongzhi_tea"
    shutil.copytree(HERE / "gongzhi_tea", source, ignore=shutil.ignore_patterns("__pycache__"))
    build(ROOT, wheels)
    build(source, wheels)
    install(folder / "venv", sorted(wheels.glob("*.whl")))
    deployment = folder / "deployment"
    deployment.mkdir()
    return District(deployment, folder / "venv")


def test_a_plugin_from_a_wheel_extends_a_type_of_the_core(district: District) -> None:
    district.configure("tea", cups=3)
    where = district.run("python", "-c", "import gongzhi, gongzhi_tea; print(gongzhi.__file__)")
    assert str(district.bin.parent) in where
    assert district.run("gongzhi", "check") == "in order: core, tea\n"
    assert "  tea.0001_initial\n" in district.run("gongzhi", "migrate")
    rows = {row["name"]: row for row in json.loads(district.run("gongzhi", "plugins", "--json"))}
    assert rows["tea"]["distribution"] == "gongzhi-tea"
    assert rows["tea"]["adds"]["extensions"] == ["Member", "Mutation", "Query"]
    assert district.run("gongzhi", "tea", "cups") == "3 cups\n"

    district.run("python", "-c", ROWS)
    district.run("gongzhi", "account", "create", "org-dept")
    district.run("gongzhi", "grant", "add", "org-dept", "DISTRICT_ORG_DEPT_ADMIN", "--everything")
    token = district.run("gongzhi", "token", "create", "org-dept").strip()
    answer, planned, refused, left = district.ask(token, QUERY, PLAN, HOLD, LEAVE)
    assert "errors" not in answer
    party = {"title": "清明茶", "leaf": {"labelZh": "绿茶"}, "heldOn": "2026-04-05"}
    assert answer["data"]["members"] == {"nodes": [{"name": "甲*", "teaParties": [party]}]}
    registers = answer["data"]["registers"]
    assert {"code": "TEA_PARTY", "count": 1, "plugin": "tea"} in registers
    party = {"id": "TeaParty:2", "state": "PLANNED", "viewerCan": {"hold": True, "cancel": True}}
    assert planned["data"] == {"teaPartyPlan": {"teaParty": party, "errors": []}}
    errors = [{"code": "TOO_FEW", "field": "guests"}]
    assert refused["data"] == {"teaPartyHold": {"teaParty": None, "errors": errors}}
    assert left["data"] == {"memberChangeState": {"member": {"id": "Member:1"}, "errors": []}}

    district.run("gongzhi", "worker", "--once")
    status = json.loads(district.run("gongzhi", "worker", "status", "--json"))
    assert {job["name"]: job["state"] for job in status["jobs"]}["tea.missed"] == "WAITING"
    assert {each["name"]: each["waiting"] for each in status["subscriptions"]}["tea.host_left"] == 0
    (became,) = district.ask(token, BECAME)
    steps = [
        {"action": "plan", "actor": "org-dept"},
        {"action": "cancel", "actor": "subscriber:tea.host_left"},
    ]
    assert became["data"] == {"teaParty": {"state": "CANCELLED", "transitions": steps}}

    district.configure()
    assert "TeaParty" not in district.run("gongzhi", "schema", "print")
    assert district.run("gongzhi", "check") == "in order: core\n"
    (answer,) = district.ask(token, "{ members { totalCount } registers { code } }")
    assert answer["data"]["members"] == {"totalCount": 1}
    assert {"code": "TEA_PARTY"} not in answer["data"]["registers"]


def test_what_the_plugin_finds_wrong_is_told_by_the_host(district: District) -> None:
    district.configure("tea", cups=1)
    done = subprocess.run(
        [district.bin / "gongzhi", "check"],
        cwd=district.folder,
        env=district.env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "plugin.tea.cups: nobody drinks alone → set it to 2 or more" in done.stderr
