"""Expected findings, written as comments at the end of the line where the finding is.

    loop.run_until_complete(sync())  # error: [CEL102] "asyncio.run"

A column may precede the code (`# error: 5 [CEL102]`), several expectations may follow each other, and notes say
more about the expectation before them:

    # fix: "unsafe"           the finding has a fix of that applicability
    # withheld: "gevent"      it has none, and the reason contains this text
    # related: "tasks.py:4"   one related location reads so: `path:line message` contains this text

The comments are taken out before the file is linted, so the form works in every language, also where `#` starts no
comment.
"""

from __future__ import annotations

import re

from msgspec import Struct
from msgspec.structs import replace

_QUOTED = r'"(?:[^"\\]|\\.)*"'
_FINDING = rf"#\s*(?:error|warning|info):\s*(?:\d+\s+)?\[[\w-]+\](?:\s*{_QUOTED})?"
_NOTE = rf"#\s*(?:fix|withheld|related):\s*{_QUOTED}"
_TAIL = re.compile(rf"(?:^|\s+)(?P<tail>{_FINDING}(?:\s*(?:{_FINDING}|{_NOTE}))*)\s*$")
_ONE = re.compile(rf"#\s*(?P<word>\w+):\s*(?:(?P<column>\d+)\s+)?(?:\[(?P<code>[\w-]+)\])?\s*(?P<text>{_QUOTED})?")
_LOOKS_LIKE_ONE = re.compile(r"#\s*(?:(?:error|warning|info):.*(?:CEL\d|\[)|(?:fix|withheld|related):\s*\")")


class Expected(Struct, frozen=True):
    """One finding that must be reported at LINE of PATH. CODE is a code or a rule's name; MESSAGE, WITHHELD and each
    of RELATED must be contained in what is reported; FIX is the applicability of its fix."""

    path: str
    line: int
    severity: str
    code: str
    message: str = ""
    column: int | None = None
    fix: str | None = None
    withheld: str | None = None
    related: tuple[str, ...] = ()

    def __str__(self) -> str:
        column = f":{self.column}" if self.column else ""
        message = f" containing {self.message!r}" if self.message else ""
        return f"{self.path}:{self.line}{column}: {self.severity} [{self.code}]{message}"


def take_out(path: str, text: str) -> tuple[str, tuple[Expected, ...]]:
    """TEXT without its expectation comments, and what they expect of PATH.

    Lines keep their numbers. Raises ValueError for a comment that looks like an expectation and is none.
    """
    lines: list[str] = []
    found: list[Expected] = []
    for number, line in enumerate(text.split("\n"), start=1):
        tail = _TAIL.search(line)
        lines.append(line[: tail.start()] if tail else line)
        if tail:
            found.extend(_expected(path, number, tail["tail"]))
        if wrong := _LOOKS_LIKE_ONE.search(lines[-1]):
            raise ValueError(f"line {number} of {path}: not an expectation: {wrong[0]}")
    return "\n".join(lines), tuple(found)


def looks_expected(text: str) -> bool:
    """Whether TEXT holds something that reads like an expectation."""
    return _LOOKS_LIKE_ONE.search(text) is not None


def _expected(path: str, line: int, tail: str) -> list[Expected]:
    found: list[Expected] = []
    for one in _ONE.finditer(tail):
        text = _unquote(one["text"])
        match one["word"]:
            case "fix":
                found[-1] = replace(found[-1], fix=text)
            case "withheld":
                found[-1] = replace(found[-1], withheld=text)
            case "related":
                found[-1] = replace(found[-1], related=(*found[-1].related, text))
            case severity:
                column = int(one["column"]) if one["column"] else None
                found.append(Expected(path, line, severity, one["code"], text, column))
    return found


def _unquote(text: str | None) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1]) if text else ""
