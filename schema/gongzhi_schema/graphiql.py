"""The GraphiQL page. Its files come from an installed package; no other host is asked."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

_PACKAGE = "graphene_django_graphiql_static"
_STATIC = "/-/graphiql"

_FIRST_QUERY = """# 共治 Gongzhi：按 Ctrl-Enter 运行 · press Ctrl-Enter to run
# 令牌写在下方 Headers：{"Authorization": "Bearer gz_…"}

{
  area(code: "310151114") {
    name
    ancestors { name }
    children(first: 5) { totalCount nodes { code name } }
  }
}
"""

_PAGE = """<!doctype html>
<html lang="zh-CN">
<head>
<meta charset="utf-8"><title>共治 Gongzhi · GraphiQL</title>
<link rel="stylesheet" href="{static}/graphiql.min.css">
<style>html, body, #graphiql {{ height: 100%; margin: 0; }}</style>
</head>
<body>
<div id="graphiql" data-query="{query}"></div>
<script src="{static}/react.production.min.js"></script>
<script src="{static}/react-dom.production.min.js"></script>
<script src="{static}/graphiql.min.js"></script>
<script src="/-/graphiql.js"></script>
</body>
</html>
"""

_SCRIPT = """const place = document.getElementById("graphiql");
const fetcher = GraphiQL.createFetcher({ url: "/graphql" });
ReactDOM.render(
  React.createElement(GraphiQL, { fetcher, defaultQuery: place.dataset.query }), place);
"""

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self' data:; connect-src 'self'; frame-ancestors 'none'"
)


def routes() -> list[BaseRoute]:
    """Return the routes of the page and its files."""
    package = find_spec(_PACKAGE)
    if package is None or package.origin is None:  # pragma: no cover  # it is a dependency
        return []
    folder = Path(package.origin).parent / "static" / _PACKAGE
    return [
        Route("/graphql", _page),
        Route("/-/graphiql.js", _script),
        Mount(_STATIC, StaticFiles(directory=folder)),
    ]


def _page(_request: Request) -> Response:
    query = _FIRST_QUERY.replace("&", "&amp;").replace('"', "&quot;")
    page = _PAGE.format(static=_STATIC, query=query)
    return HTMLResponse(page, headers={"content-security-policy": _POLICY})


def _script(_request: Request) -> Response:
    return Response(_SCRIPT, media_type="text/javascript")
