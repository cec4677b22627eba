"""Markdown as far as executed documentation needs it: headings, and fenced blocks with the label before them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct, field

_HEADING = re.compile(r"(#{1,6})\s+(.*?)\s*#*$")
_FENCE = re.compile(r"(`{3,}|~{3,})\s*([\w+-]*)[^`]*$")
_LABEL = re.compile(r"`(?P<path>[^`]+)`(?: after `(?P<flag>--fix|--unsafe-fixes)`)?:$")


class PageError(ValueError):
    """A page that cannot be executed. The message names the file and the line."""


class Block(Struct, frozen=True):
    """One fenced block. LINE is where its first line of text stands in the page (from 1).

    PATH comes from the label line before the fence; FLAG is set when the label says that the block is how the
    file looks after a fix (`--fix` or `--unsafe-fixes`).
    """

    language: str
    text: str
    line: int
    path: str | None = None
    flag: str | None = None


class Section(Struct):
    """A heading, the blocks directly under it, and the sections below it."""

    title: str
    level: int
    line: int
    blocks: list[Block] = field(default_factory=list)
    children: list[Section] = field(default_factory=list)


def sections(text: str, page: str) -> Section:
    """The tree of sections of the page TEXT; the root has level 0 and no title. PAGE is named in errors."""
    root = Section("", 0, 1)
    open_sections = [root]
    for item in _items(text, page):
        if isinstance(item, Block):
            open_sections[-1].blocks.append(item)
            continue
        while open_sections[-1].level >= item.level:
            open_sections.pop()
        open_sections[-1].children.append(item)
        open_sections.append(item)
    return root


def _items(text: str, page: str) -> Iterator[Section | Block]:
    lines = text.splitlines()
    label: re.Match[str] | None = None
    index = 0
    while index < len(lines):
        line = lines[index]
        index += 1
        if fence := _FENCE.match(line):
            end = _closing(lines, index, fence[1], page)
            yield _block(lines[index:end], index + 1, fence[2], label)
            index, label = end + 1, None
        elif heading := _HEADING.match(line):
            yield Section(heading[2], len(heading[1]), index)
            label = None
        elif line.strip():
            label = _LABEL.match(line.strip())


def _closing(lines: list[str], start: int, fence: str, page: str) -> int:
    for index in range(start, len(lines)):
        stripped = lines[index].rstrip()
        if stripped.startswith(fence) and not stripped.strip(fence[0]):
            return index
    raise PageError(f"{page}:{start}: this fence is never closed")


def _block(lines: list[str], line: int, language: str, label: re.Match[str] | None) -> Block:
    text = "".join(f"{each}\n" for each in lines)
    if label is None:
        return Block(language, text, line)
    return Block(language, text, line, label["path"], label["flag"])
