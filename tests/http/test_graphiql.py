"""The GraphiQL page: there when enabled, and complete without any other host."""

from __future__ import annotations

import asyncio
import re
import socket
from html.parser import HTMLParser
from pathlib import Path

import pytest
from graphql import parse

from tests.http.conftest import Serve
from tests.http.site import code_of

HTML = {"accept": "text/html,application/xhtml+xml"}
ON = {"graphiql": True, "introspection": True}
ELSEWHERE = re.compile(r"(?:https?:)?//[a-z0-9-]+(?:\.[a-z0-9-]+)+", re.IGNORECASE)


class Page(HTMLParser):
    """What a page loads, and the query it begins with."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.files: list[str] = []
        self.query = ""
        self.inline = 0
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.inline += tag == "script" and "src" not in found
        self.inline += sum(name.startswith("on") for name in found)
        self.query = found.get("data-query") or self.query
        self.files += [v for n, v in attrs if n in {"src", "href"} and v]


async def test_the_page_is_there_only_when_it_is_enabled(serve: Serve) -> None:
    async with serve() as site:
        for path in ("/graphql", "/-/graphiql.js", "/-/graphiql/graphiql.min.js"):
            assert (await site.http.get(path, headers=HTML)).status_code == 404
    async with serve(server=ON) as site:
        page = await site.http.get("/graphql", headers=HTML)
        assert page.status_code == 200
        assert page.headers["content-type"] == "text/html; charset=utf-8"
        assert "GraphiQL" in page.text


async def test_only_a_browser_that_asks_nothing_gets_the_page(serve: Serve) -> None:
    async with serve(server=ON) as site:
        queried = await site.http.get("/graphql?query={__typename}", headers=HTML)
        assert queried.json()["data"] == {"__typename": "Query"}
        plain = await site.http.get("/graphql")
        assert (plain.status_code, code_of(plain)) == (400, "BAD_REQUEST")
        posted = await site.http.post("/graphql", json={"query": "{ __typename }"}, headers=HTML)
        assert posted.json()["data"] == {"__typename": "Query"}
        elsewhere = await site.http.get("/graphql", headers=HTML | {"host": "evil.example"})
        assert elsewhere.status_code == 421


async def test_every_file_it_names_is_served_and_no_other_host_is_named(serve: Serve) -> None:
    async with serve(server=ON) as site:
        page = await site.http.get("/graphql", headers=HTML)
        files = Page(page.text).files
        assert len(files) == 5
        assert not ELSEWHERE.search(page.text)
        kinds = {".js": "text/javascript", ".css": "text/css"}
        for file in files:
            assert file.startswith("/-/graphiql")
            answer = await site.http.get(file)
            assert answer.status_code == 200
            kind = answer.headers["content-type"].partition(";")[0]
            assert kind == kinds[Path(file).suffix]
            assert len(answer.content) > 100
        script = await site.http.get("/-/graphiql.js")
        assert not ELSEWHERE.search(script.text)
        assert 'url: "/graphql"' in script.text
        styles = await site.http.get(next(f for f in files if f.endswith(".css")))
        assert not re.search(r"url\(\s*[\"']?(?:https?:)?//|@import", styles.text)


async def test_the_policy_lets_the_page_ask_its_own_host_only(serve: Serve) -> None:
    async with serve(server=ON) as site:
        page = await site.http.get("/graphql", headers=HTML)
        policy = dict(
            each.strip().split(" ", 1)
            for each in page.headers["content-security-policy"].split(";")
        )
        assert policy["default-src"] == "'none'"
        assert policy["script-src"] == policy["connect-src"] == "'self'"
        assert policy["frame-ancestors"] == "'none'"
        assert not ELSEWHERE.search(page.headers["content-security-policy"])
        assert "*" not in page.headers["content-security-policy"]
        assert Page(page.text).inline == 0  # the policy would not run it


async def test_nothing_else_is_reached_through_its_folder(serve: Serve) -> None:
    async with serve(server=ON) as site:
        for path in (
            "/-/graphiql/",
            "/-/graphiql/absent.js",
            "/-/graphiql/../../__init__.py",
            "/-/graphiql/%2e%2e/%2e%2e/__init__.py",
            "/-/graphiql//etc/passwd",
        ):
            assert (await site.http.get(path)).status_code == 404


async def test_the_first_query_is_valid(serve: Serve) -> None:
    async with serve(server=ON) as site:
        query = Page((await site.http.get("/graphql", headers=HTML)).text).query
        assert parse(query)
        answer = await site.ask(query)
        assert "errors" not in answer.json()


# ---- in a browser --------------------------------------------------------------------------------


@pytest.mark.skipif(not Path("/usr/bin/chromium").exists(), reason="no chromium is installed")
async def test_a_browser_shows_the_editor(serve: Serve, tmp_path: Path) -> None:
    """The page is drawn by its own scripts: the markup that they make is in the document."""
    uvicorn = pytest.importorskip("uvicorn", reason="no server in this process")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        async with serve(server=ON) as site:
            config = uvicorn.Config(site.app, log_level="warning", lifespan="off")
            server = uvicorn.Server(config)
            served = asyncio.create_task(server.serve([listener]))
            address = f"http://127.0.0.1:{listener.getsockname()[1]}/graphql"
            browser = await asyncio.create_subprocess_exec(
                "/usr/bin/chromium",
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--virtual-time-budget=10000",
                f"--user-data-dir={tmp_path}",
                "--dump-dom",
                address,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
            )
            try:
                drawn, _ = await asyncio.wait_for(browser.communicate(), 60)
            finally:
                if browser.returncode is None:
                    browser.kill()
                    await browser.wait()
                server.should_exit = True
                await served
    assert b"graphiql-container" in drawn
    assert "310151114" in drawn.decode()
