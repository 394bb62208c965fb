"""What must hold of every page: current, complete, without dead links and without foreign names."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from importlib import import_module
from itertools import pairwise
from pathlib import Path

import pytest

import gongzhi.graph
from gongzhi.graph import Scope, Sql
from gongzhi.hooks import HOOK_NAMES, Hooks
from gongzhi.refusals import COMMON
from gongzhi.writing import Work
from gongzhi_schema import reference
from gongzhi_schema.district import District
from tests.docs.markdown import DOCS, ROOT, follow, pages, read

PAGES = list(pages())
SITE = "mkdocs.yml"


# ---- generated references ------------------------------------------------------------------------


def test_the_references_are_what_the_code_says() -> None:
    made = reference.pages(reference.bundled())
    folder = DOCS / "reference"
    assert {path.name for path in folder.iterdir()} == set(made)
    for name, text in made.items():
        stored = (folder / name).read_text(encoding="utf-8")
        assert stored == text, f"{name}: run python -m gongzhi_schema.reference docs/reference"


def test_the_references_are_written_where_they_are_wanted(tmp_path: Path) -> None:
    reference.main([str(tmp_path / "made")])
    assert {path.name for path in (tmp_path / "made").iterdir()} == {
        path.name for path in (DOCS / "reference").iterdir()
    }
    with pytest.raises(SystemExit, match="usage"):
        reference.main([])


def test_every_error_code_of_the_code_is_described() -> None:
    package = Path(inspect.getfile(reference)).parent.parent
    modules = [package / "door.py", *sorted((package / "query").glob("*.py"))]
    found = {code for path in modules for code in error_codes(ast.parse(path.read_text()))}
    assert found == {error.code for error in reference.ERRORS}


def test_every_code_that_a_mutation_names_has_its_words() -> None:
    mutations, _, texts = read(DOCS / "reference" / "mutations.md").prose.partition("## Codes")
    named = set(re.findall(r"`([A-Z][A-Z0-9_]+)`", mutations))
    assert named
    assert named == set(re.findall(r"^\| `([A-Z][A-Z0-9_]+)`", texts, re.MULTILINE))


def error_codes(tree: ast.AST) -> Iterator[str]:
    """Find the codes that a module gives: arguments of refusals, values of ``"code"``."""
    places = {"RefusedError": 1, "LimitError": 0, "refused": 0, "_failure": 0, "_error": 0}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            place = places.get(node.func.id)
            if place is not None and len(node.args) > place:
                yield from constants(node.args[place])
        elif isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if isinstance(key, ast.Constant) and key.value == "code":
                    yield from constants(value)
        elif isinstance(node, ast.Tuple) and node.elts:
            yield from (c for c in constants(node.elts[0]) if c.endswith("_LIMIT"))


def constants(node: ast.expr) -> Iterator[str]:
    """Return the codes that an expression may give."""
    if isinstance(node, ast.IfExp):
        yield from constants(node.body)
        yield from constants(node.orelse)
    elif isinstance(node, ast.Constant) and re.fullmatch(r"[A-Z_]+", str(node.value)):
        yield str(node.value)


# ---- hooks ---------------------------------------------------------------------------------------


def documented_hooks() -> dict[str, str]:
    """Return hook → its section of the page."""
    sections = re.split(r"^## ", (DOCS / "plugins" / "hooks.md").read_text(), flags=re.MULTILINE)
    return {name: text for name, _, text in (s.partition("\n") for s in sections[1:])}


@pytest.mark.parametrize("hook", HOOK_NAMES)
def test_a_hook_is_documented(hook: str) -> None:
    text = documented_hooks()[hook]
    for word in ("**What.**", "**When.**", "**Checked.**"):
        assert word in text
    (example,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    (function,) = ast.parse(example).body
    assert isinstance(function, ast.FunctionDef)
    assert function.name == hook
    given = [argument.arg for argument in function.args.args]
    assert given == list(inspect.signature(getattr(Hooks, hook)).parameters)


def test_only_hooks_are_documented() -> None:
    assert set(documented_hooks()) - set(HOOK_NAMES) == {"New hooks"}


@pytest.mark.parametrize("hook", HOOK_NAMES)
def test_a_hook_has_a_test(hook: str) -> None:
    wanted = f"def test_hook_{hook}("
    files = (ROOT / "tests").rglob("test_*.py")
    assert any(wanted in path.read_text(encoding="utf-8") for path in files)


# ---- the words of the graph ----------------------------------------------------------------------


def test_every_word_of_the_graph_is_described() -> None:
    text = (DOCS / "plugins" / "graph.md").read_text()
    assert set(gongzhi.graph.__all__) - words(text) == set()


def test_the_scopes_and_the_questions_to_sql_exist() -> None:
    text = (DOCS / "plugins" / "graph.md").read_text()
    scopes = set(re.findall(r"`Scope\.(\w+)", text))
    made = {name for name, value in vars(Scope).items() if isinstance(value, classmethod)}
    assert scopes == made
    questions = set(re.findall(r"\| `sql\.(\w+)", text))
    assert questions == {name for name in vars(Sql) if not name.startswith("_")}


@pytest.mark.parametrize("name", ["graph.md", "writing.md"])
def test_what_is_quoted_of_a_plugin_is_in_it(name: str) -> None:
    code = "\n".join(path.read_text() for path in (ROOT / "plugins").rglob("*.py"))
    quoted = [block for block in read(DOCS / "plugins" / name).of("python") if not block.title]
    assert quoted
    assert all(block.text in code for block in quoted)


# ---- writing -------------------------------------------------------------------------------------


def test_everything_that_a_work_can_do_is_described() -> None:
    page = read(DOCS / "plugins" / "writing.md")
    described = words(
        page.prose.partition("## What a unit of work can do")[2].partition("\n## ")[0]
    )
    public = {name for name in vars(Work) if not name.startswith("_")}
    kept = set(
        re.findall(r"^        self\.([a-z]\w+) =", inspect.getsource(Work.__init__), re.MULTILINE)
    )
    assert kept
    assert (public | kept) - described == set()


def test_everything_that_a_district_can_do_for_a_test_is_described() -> None:
    page = read(DOCS / "plugins" / "writing.md")
    described = words(page.prose.partition("## Tests")[2])
    can_do = {name for name, value in vars(District).items() if inspect.isfunction(value)}
    assert can_do - described - {"__init__"} == set()


def words(text: str) -> set[str]:
    """Return the words in what is written as code."""
    return set(re.findall(r"\w+", " ".join(re.findall(r"`([^`\n]+)`", text))))


# ---- modules -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["ledger", "workday"])
def test_the_page_of_a_module_has_all_that_can_be_done_and_refused(name: str) -> None:
    page = read(DOCS / f"{name}.md")
    refusals = import_module(f"gongzhi_{name}.rules").REFUSALS.texts
    reference_ = read(DOCS / "reference" / "mutations.md").prose
    mutations = re.findall(
        r"^\| `(\w+)`", reference_.partition(f"## {name}\n")[2].partition("## ")[0], re.MULTILINE
    )
    assert mutations
    said = words(page.prose)
    assert ({*refusals} - {*COMMON.texts} | {*mutations}) - said == set()
    known = {*re.findall(r"^\| `([A-Z0-9_]+)`", reference_, re.MULTILINE)}
    named = re.findall(
        r"`([A-Z_]+)`", page.prose.partition("## What is refused")[2].partition("\n## ")[0]
    )
    assert {*named} - known == set()


def test_every_state_diagram_is_on_a_page() -> None:
    drawn = {path.name for path in (DOCS / "reference").glob("*.svg")}
    shown = {follow(path, link)[0].name for path in PAGES for link in read(path).links}
    assert drawn
    assert drawn <= shown


# ---- every page ----------------------------------------------------------------------------------


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_internal_links_lead_somewhere(path: Path) -> None:
    for link in read(path).links:
        if "://" in link or link.startswith("mailto:"):
            continue
        target, fragment = follow(path, link)
        assert target.is_file(), link
        if fragment:
            assert fragment in {heading.anchor for heading in read(target).headings}, link


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_page_has_one_title_and_no_level_is_left_out(path: Path) -> None:
    levels = [heading.level for heading in read(path).headings]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(b - a <= 1 for a, b in pairwise(levels))


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_machine_and_no_registry_is_named(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"(?<![\w.])/(?:home|root|tmp|work|Users)/", text)
    hosts = set(re.findall(r"https?://([\w.-]+)", text))
    assert hosts <= {
        "127.0.0.1",
        "docs.astral.sh",
        "hooks.example.org",
        "semver.org",
        "tortoise.github.io",
        "typer.tiangolo.com",
    }


def test_every_page_is_in_the_navigation() -> None:
    listed = set(re.findall(r"[\w/-]+\.md", (ROOT / SITE).read_text()))
    assert listed == {str(path.relative_to(DOCS)) for path in DOCS.rglob("*.md")}


def test_the_site_asks_no_other_host() -> None:
    text = (ROOT / SITE).read_text()
    assert "font: false" in text
    assert "://" not in text
    assert "mermaid" not in text  # its script would come from elsewhere
    picture = (DOCS / "architecture.svg").read_text()
    assert set(re.findall(r"\w+://[\w./]+", picture)) == {"http://www.w3.org/2000/svg"}


# ---- decisions -----------------------------------------------------------------------------------


def test_decisions_are_short_and_listed_by_their_titles() -> None:
    index = (DOCS / "adr" / "index.md").read_text()
    files = sorted((DOCS / "adr").glob("0*.md"))
    for number, path in enumerate(files, start=1):
        title, *lines = path.read_text().splitlines()
        assert path.name.startswith(f"{number:04}-")
        assert title.startswith(f"# {number:04}. ")
        assert f"[{number:04}]({path.name}) | {title.partition('. ')[2]} |" in index
        assert 10 <= len(lines) + 1 <= 22, path.name
        assert all(f"**{word}.**" in "\n".join(lines) for word in ("Decision", "Why", "Costs"))
    assert len(files) >= 15
