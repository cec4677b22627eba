"""Applies edits to bytes and judges the result: does it still compile, are all comments still there?"""

from __future__ import annotations

import ast
import codecs
import io
import tokenize
import warnings
from collections import Counter
from collections.abc import Iterable

from celery_lint.finding import Edit
from celery_lint.fix.outcome import Withheld
from celery_lint.fix.pragmas import is_pragma
from celery_lint.source import Source

PYTHON = (".py", ".pyi")


def patched(source: Source, edits: Iterable[Edit]) -> bytes:
    """The bytes of SOURCE after EDITS, which do not overlap.

    Raises `Withheld` when the file's encoding cannot express a text.
    """
    parts, position = [], 0
    for edit in sorted(edits, key=lambda edit: edit.span):
        parts += [source.data[position : edit.span.start], _encoded(source, edit.text)]
        position = edit.span.end
    return b"".join([*parts, source.data[position:]])


def _encoded(source: Source, text: str) -> bytes:
    # `utf-8-sig` would put another byte order mark in front of every text.
    encoding = "utf-8" if source.has_bom else source.encoding
    try:
        return text.encode(encoding)
    except (UnicodeError, LookupError):
        raise Withheld(f"the file's encoding ({encoding}) cannot express the change") from None


def compiles(data: bytes) -> bool:
    """Whether DATA is Python: for this interpreter, or for LibCST, which knows newer syntax."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about the user's strings
            compile(data, "<fixed>", "exec", flags=ast.PyCF_ONLY_AST, dont_inherit=True)
    except SyntaxError as error:
        # LibCST's parser overflows the stack, and ends the process, on code that CPython calls too nested.
        return "nested" not in str(error) and _parses(data)
    except (ValueError, RecursionError, MemoryError):
        return False
    return True


def _parses(data: bytes) -> bool:
    import libcst as cst  # takes a while to load, and is hardly ever asked

    try:
        cst.parse_module(data)
    except (cst.ParserSyntaxError, SyntaxError, UnicodeError, LookupError, RecursionError):
        return False
    return True


def loses_comments(before: bytes, after: bytes) -> bool:
    """Whether a comment of BEFORE is missing in AFTER. Comments for tools go with their line."""
    return bool(_comments(before) - _comments(after))


def _comments(data: bytes) -> Counter[str]:
    found: Counter[str] = Counter()
    try:
        for token in tokenize.tokenize(io.BytesIO(data.removeprefix(codecs.BOM_UTF8)).readline):
            if token.type == tokenize.COMMENT and not is_pragma(token.string):
                found[token.string.rstrip()] += 1
    except (tokenize.TokenError, SyntaxError, UnicodeError):
        # Newer syntax than this interpreter's: count the lines that look like comments.
        lines = (line.strip() for line in data.splitlines())
        return Counter(line.decode("utf-8", "replace") for line in lines if line.startswith(b"#"))
    return found
