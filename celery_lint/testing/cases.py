"""Pages and edge cases as test cases: every section with files is one small project and what is expected of it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

from msgspec import Struct, field

from celery_lint.testing.expectations import Expected, looks_expected, take_out
from celery_lint.testing.markdown import Block, PageError, Section, sections

DEFAULT_PATH = "proj/tasks.py"
CONFIGURATION = ("pyproject.toml", "celery-lint.toml")
_CODE = re.compile(r"[A-Z]{3}\d{3}\b")


class Fixed(Struct, frozen=True):
    """How files look after FLAG (`--fix` or `--unsafe-fixes`), and what is still reported in them."""

    flag: str
    files: Mapping[str, str]
    expected: tuple[Expected, ...]


class Case(Struct, frozen=True):
    """One section of PAGE that holds files. NAME joins the headings with ` > `.

    SELECT are the only rules that run, None when the case's own configuration selects. ORIGINS are the lines of the
    page where the text of each file starts.
    """

    name: str
    page: str
    line: int
    files: Mapping[str, str]
    expected: tuple[Expected, ...]
    fixed: tuple[Fixed, ...] = ()
    select: tuple[str, ...] | None = None
    origins: Mapping[str, int] = field(default_factory=dict)

    def origin(self, path: str, line: int) -> str:
        """Where LINE of PATH stands in the page: `page:line`."""
        start = self.origins.get(path)
        return f"{self.page}:{self.line if start is None else start + line - 1}"


def load(path: Path) -> list[Case]:
    """The cases of the Markdown file PATH. A code at the start of its title (`# CEL102 …`) is the rule it is about.

    Raises PageError when a section is both a test and a group, a file is named twice, or a label is wrong.
    """
    return parse(path.read_text(encoding="utf-8"), path.as_posix())


def parse(text: str, page: str) -> list[Case]:
    """The cases of the page TEXT; PAGE is its name in problems."""
    root = sections(text, page)
    title = root.children[0].title if root.children else ""
    code = _CODE.match(title)
    return list(_cases(root, page, (code[0],) if code else None, (), ()))


def _cases(
    section: Section,
    page: str,
    select: tuple[str, ...] | None,
    outer: tuple[str, ...],
    inherited: tuple[Block, ...],
) -> Iterator[Case]:
    blocks = [block for block in section.blocks if _is_file(block)]
    for block in section.blocks:
        if block not in blocks and looks_expected(block.text):
            raise PageError(f"{page}:{block.line}: expectations in a block without a path are never checked")
    names = (*outer, section.title) if section.level > 1 else outer
    is_group = any(_holds_files(child) for child in section.children)
    if is_group and any(block.path not in CONFIGURATION for block in blocks):
        raise PageError(f"{page}:{section.line}: «{section.title}» is a test and a group of tests; it can be only one")
    if not is_group and blocks:
        yield _case(section, page, select, " > ".join(names) or section.title, blocks, inherited)
    for child in section.children:
        yield from _cases(child, page, select, names, (*inherited, *blocks))


def _is_file(block: Block) -> bool:
    return block.path is not None or block.language == "python"


def _holds_files(section: Section) -> bool:
    return any(_is_file(block) for block in section.blocks) or any(map(_holds_files, section.children))


def _case(
    section: Section,
    page: str,
    select: tuple[str, ...] | None,
    name: str,
    blocks: list[Block],
    inherited: tuple[Block, ...],
) -> Case:
    before = [block for block in blocks if block.flag is None]
    files: dict[str, str] = {block.path: block.text for block in inherited if block.path}
    own, expected = _files(before, page)
    if not own.keys() - set(CONFIGURATION):
        raise PageError(f"{page}:{section.line}: «{section.title}» has configuration but no file to lint")
    files |= own
    return Case(
        name=name,
        page=page,
        line=section.line,
        files=files,
        expected=expected,
        fixed=tuple(_fixed(blocks, page, files)),
        select=None if _selects(files) else select,
        origins={_path(block): block.line for block in before},
    )


def _fixed(blocks: list[Block], page: str, files: Mapping[str, str]) -> Iterator[Fixed]:
    for flag in dict.fromkeys(block.flag for block in blocks if block.flag):
        after, expected = _files([block for block in blocks if block.flag == flag], page)
        if strangers := after.keys() - files.keys():
            line = next(block.line for block in blocks if block.path in strangers)
            raise PageError(f"{page}:{line}: {min(strangers)} after `{flag}` was not there before")
        yield Fixed(flag, after, expected)


def _files(blocks: list[Block], page: str) -> tuple[dict[str, str], tuple[Expected, ...]]:
    files: dict[str, str] = {}
    expected: tuple[Expected, ...] = ()
    for block in blocks:
        path = _path(block)
        if path in files:
            raise PageError(f"{page}:{block.line}: {path} is given twice in one test")
        if path.startswith("/") or ".." in path.split("/"):
            raise PageError(f"{page}:{block.line}: {path} is not inside the project")
        try:
            files[path], more = take_out(path, block.text)
        except ValueError as error:
            raise PageError(f"{page}:{block.line}: {error}") from None
        expected += more
    return files, expected


def _path(block: Block) -> str:
    return block.path or DEFAULT_PATH


def _selects(files: Mapping[str, str]) -> bool:
    """Whether the case's own configuration says which rules run."""
    own = tomllib.loads(files.get("celery-lint.toml", ""))
    shared = tomllib.loads(files.get("pyproject.toml", "")).get("tool", {}).get("celery-lint", {})
    return any(key in table for table in (own, shared) for key in ("select", "extend-select", "preset"))
