"""Text from a project, made fit to be shown: nothing in it may command the terminal or hide from the reader."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

_TAB = "    "
_HIDDEN = re.compile(r"[^\n\x20-\x7e]")
HASH = re.compile(r"##(?=\[|vso\[|teamcity\[)")
"""What makes a line of a build's log a command, wherever in it it stands (`##[error]`, `##vso[task.setvariable]`)."""
_COMMAND = re.compile(r"^(\s*):(?=:)")
_WORD = re.compile(r"(?:`[^`]*`|\S)+")


def escape(text: str) -> str:
    """TEXT with everything that is not shown as itself (control characters, direction marks, bytes that are no text)
    written as `\\x1b` or `\\u202e`. Newlines and tabs too."""
    return text if text.isprintable() else "".join(_shown(char) for char in text)


def escape_lines(text: str) -> str:
    """TEXT with all but its newlines and tabs as `escape` shows it."""
    return "".join(char if char in "\n\t" else _shown(char) for char in text)


def tame(line: str) -> str:
    """LINE, which tells a build's log nothing but itself: `::error::` or `##vso[` would be a command there."""
    if "::" in line:
        line = _COMMAND.sub(r"\1\\x3a", line)
    return HASH.sub(r"\\x23#", line) if "##" in line else line


def printable_json(data: bytes) -> bytes:
    """The JSON text DATA, the same for programs, and harmless to the terminal of people who look at it."""
    text = HASH.sub(r"\\u0023#", data.decode()) if b"##" in data else data.decode()
    if text.isascii() and "\x7f" not in text:
        return text.encode()
    return _HIDDEN.sub(_as_json, text).encode()


def cells(line: str) -> list[str]:
    """LINE, character by character, as it is shown: tabs as blanks, escapes for what `escape` escapes."""
    return [_TAB if char == "\t" else _shown(char) for char in line]


def width(text: str) -> int:
    """How many columns TEXT takes on a terminal."""
    return len(text) if text.isascii() else sum(map(_char_width, text))


def words(text: str) -> list[str]:
    """The words of TEXT; what stands between backquotes is one of them."""
    return _WORD.findall(text)


def fill(text: Iterable[str], room: int, used: int = 0) -> list[list[str]]:
    """The words of TEXT in lines of at most ROOM columns, of which the first has USED some. A word that is wider than
    a line has a line of its own. One line at least."""
    lines: list[list[str]] = [[]]
    for word in text:
        if used and used + 1 + width(word) > room:
            lines.append([])
            used = 0
        lines[-1].append(word)
        used += width(word) + bool(used)
    return lines


def _shown(char: str) -> str:
    if char.isprintable() or char == "\u3000" or unicodedata.category(char) == "Zs":
        return char
    code = ord(char)
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _as_json(found: re.Match[str]) -> str:
    char = found[0]
    if char.isprintable():
        return char
    data = char.encode("utf-16-be")
    return "".join(f"\\u{data[at : at + 2].hex()}" for at in range(0, len(data), 2))


def _char_width(char: str) -> int:
    if unicodedata.combining(char) or unicodedata.category(char) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
