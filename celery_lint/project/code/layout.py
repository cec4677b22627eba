"""How a file is put down: what a fix needs to write as its neighbours do."""

from __future__ import annotations

import re
from collections.abc import Sequence

WIDTH = 88  # what most formatters allow
# The first line inside a block.
_INDENTED = re.compile(rb":[ \t]*\r?\n([ \t]+)[^\s#]")


def unit_of(data: bytes) -> str:
    """What one level of indentation looks like in the Python file DATA."""
    found = _INDENTED.search(data)
    return found[1].decode() if found is not None else "    "


def indent_at(data: bytes, offset: int) -> str:
    """The whitespace that the line of the byte at OFFSET starts with."""
    start = data.rfind(b"\n", 0, offset) + 1
    line = data[start:offset]
    return line[: len(line) - len(line.lstrip(b" \t"))].decode()


def call_text(callee: str, arguments: Sequence[tuple[str, str]], data: bytes, offset: int) -> str:
    """The call of CALLEE with ARGUMENTS (each with the indent of the line it stands on) at OFFSET of DATA: on one line
    where it fits, else with a line for each argument."""
    texts = [text for text, _ in arguments]
    single = f"{callee}({', '.join(texts)})"
    indent = indent_at(data, offset)
    if len(indent) + len(single) <= WIDTH and "\n" not in single:
        return single
    inner = indent + unit_of(data)
    lines = "".join(f"{inner}{_moved(text, before, inner)},\n" for text, before in arguments)
    return f"{callee}(\n{lines}{indent})"


def _moved(text: str, before: str, after: str) -> str:
    """TEXT, whose further lines start with BEFORE or more, with AFTER in its place; strings over several lines stay."""
    if '"""' in text or "'''" in text or "\\\n" in text:
        return text
    first, *lines = text.replace("\r\n", "\n").split("\n")
    return "\n".join([first, *(after + line[len(before) :] if line.startswith(before) else line for line in lines)])
