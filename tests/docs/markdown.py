"""What the tests of the documentation read in Markdown: blocks of code, headings, links."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
DOCS = ROOT / "docs"

_FENCE = re.compile(r"^(?P<indent> *)(?P<ticks>`{3,})(?P<info>.*)$")
_TITLE = re.compile(r'title="([^"]+)"')
_HEADING = re.compile(r"^(#{1,6}) (.+)$")
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block of code."""

    language: str
    title: str
    text: str
    line: int
    """Of its first fence, counted from 1."""


@dataclass(frozen=True, slots=True)
class Heading:
    """One heading."""

    level: int
    text: str

    @property
    def anchor(self) -> str:
        """The fragment under which GitHub and MkDocs know it."""
        text = re.sub(r"[`*]", "", self.text).lower()
        return re.sub(r"[^\w\- ]", "", text).strip().replace(" ", "-")


@dataclass(frozen=True, slots=True)
class Page:
    """A page, split in blocks of code and everything else."""

    path: Path
    blocks: tuple[Block, ...]
    prose: str

    @property
    def headings(self) -> list[Heading]:
        """Return the headings, in order."""
        return [
            Heading(len(found[1]), found[2].strip())
            for line in self.prose.splitlines()
            if (found := _HEADING.match(line))
        ]

    @property
    def links(self) -> list[str]:
        """Return where its links lead."""
        return _LINK.findall(self.prose)

    def of(self, language: str) -> list[Block]:
        """Return the blocks in one language."""
        return [block for block in self.blocks if block.language == language]


def read(path: Path) -> Page:
    """Read a page."""
    blocks: list[Block] = []
    prose: list[str] = []
    open_: tuple[str, str, str, int] | None = None
    inside: list[str] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        fence = _FENCE.match(line)
        if open_ is None and fence:
            language, _, rest = fence["info"].strip().partition(" ")
            title = _TITLE.search(rest)
            open_ = (fence["ticks"], language, title[1] if title else "", number)
            inside = []
        elif open_ is not None and line.strip() == open_[0]:
            _, language, title_, at = open_
            blocks.append(Block(language, title_, "\n".join(inside) + "\n", at))
            open_ = None
        elif open_ is not None:
            inside.append(line)
        else:
            prose.append(line)
    assert open_ is None, f"{path}: a block is not closed"
    return Page(path, tuple(blocks), "\n".join(prose))


def pages() -> Iterator[Path]:
    """Yield every page that people read: the documentation and the files at the top."""
    yield from sorted(ROOT.glob("*.md"))
    yield from sorted(DOCS.rglob("*.md"))


def follow(page: Path, link: str) -> tuple[Path, str]:
    """Return the file and the fragment that an internal link leads to."""
    target, _, fragment = link.partition("#")
    return (page.parent / target).resolve() if target else page, fragment
