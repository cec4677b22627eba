"""Values as TOML has them."""

from __future__ import annotations

from collections.abc import Iterable


def string(text: str) -> str:
    """TEXT as a basic string, with everything spelt out that is not shown as itself."""
    return '"' + "".join(map(_char, text)) + '"'


def array(texts: Iterable[str]) -> str:
    """TEXTS as an array of strings."""
    return f"[{', '.join(map(string, texts))}]"


def _char(char: str) -> str:
    if char in '"\\':
        return f"\\{char}"
    if char.isprintable():
        return char
    code = ord(char)
    if 0xD800 <= code <= 0xDFFF:  # a byte that is no text: TOML has no way to write it
        return "\ufffd"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
