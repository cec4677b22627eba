"""Nesting that LibCST's parser would not survive: native code that overflows the stack takes the process with it."""

from __future__ import annotations

import ast
import codecs
import re
from itertools import accumulate
from typing import Any

from celery_lint.facts.python import cpython
from celery_lint.facts.python.cpython import TooDeepError
from celery_lint.regular import LARGEST

# Half of what the parser takes on a stack of 8 MB, and twice of what anybody has written by hand.
_DEEPEST = 500
# What the parser does about patterns grows fourfold with each bracket inside another: this is a second or so.
_MOST_PATTERN_WORK = 200_000
# Each level of a deep tree is written with one of these. Brackets and blocks are left to CPython, which allows fewer.
_CHAINS = (
    b"elif",
    b"else",
    b"not",
    b"and",
    b"or",
    b"lambda",
    b"await",
    b".",
    b"[",
    b"(",
    b"+",
    b"-",
    b"~",
    b"*",
    b"/",
    b"%",
    b"|",
    b"&",
    b"^",
    b"@",
    b"<<",
    b">>",
)
_CASE = re.compile(rb"^[ \t\f]*case\b", re.MULTILINE)
_BRACKET = re.compile(rb"[(\[{]|[)\]}]")

# A statement with fewer of them cannot be deep: CPython allows a hundred blocks and two hundred brackets.
_SUSPICIOUS = 200


# What an expression is made of; each costs memory, and a file has to fit.
_MARKS = b",()[]{}.=:+-*/;@\n"
_MOST_MARKS = 400_000


def is_too_large(data: bytes) -> bool:
    """Whether the Python file DATA is data or a trap: more than fits into memory as a tree."""
    if len(data) <= _MOST_MARKS:
        return False
    return len(data) > LARGEST or sum(data.count(mark) for mark in _MARKS) > _MOST_MARKS


def shallow_tree(data: bytes) -> ast.Module | None:
    """CPython's tree of the Python file DATA, None when CPython finds no Python there; raises `TooDeepError`."""
    try:
        tree = cpython.module(data)
    except (SyntaxError, ValueError):
        return None
    if any(data.count(token) > _DEEPEST for token in _CHAINS) and _is_too_deep(tree, data):
        raise TooDeepError
    if _CASE.search(data) and _pattern_work(tree, data) > _MOST_PATTERN_WORK:
        raise TooDeepError
    return tree


def _pattern_work(tree: ast.Module, data: bytes) -> int:
    """About how many steps the parser takes for the patterns of TREE."""
    cases = [case for node in ast.walk(tree) if isinstance(node, ast.Match) for case in node.cases]
    lines = line_starts(data) if cases else []
    work = 0
    for case in cases:
        depth = 0
        for bracket in _BRACKET.finditer(data, lines[case.pattern.lineno], lines[_last_line(case)]):
            depth += 1 if bracket[0] in b"([{" else -1
            work += 4 ** min(max(depth, 0), 20)
    return work


def _is_too_deep(tree: ast.Module, data: bytes) -> bool:
    """Counts blocks, and looks into those statements only that are long enough to hold a deep expression."""
    lines = line_starts(data)
    pending: list[tuple[list[ast.AST], int]] = [(list(tree.body), 1)]
    while pending:
        nodes, level = pending.pop()
        if level > _DEEPEST:
            return True
        for node in nodes:
            blocks = [block for name in _BLOCKS if (block := getattr(node, name, None))]
            pending.extend((block, level + 1) for block in blocks if isinstance(block, list))
            head = data[lines[_first_line(node)] : lines[_last_line(node)]]
            if (
                len(head) > _SUSPICIOUS
                and sum(map(head.count, _CHAINS)) > _SUSPICIOUS
                and _is_deeper(node, _DEEPEST - level, lines)
            ):
                return True
    return False


_BLOCKS = ("body", "orelse", "finalbody", "handlers", "cases")


def _first_line(node: Any) -> int:
    """The line on which the statement, handler or case NODE begins."""
    if isinstance(node, ast.match_case):
        return node.pattern.lineno
    decorators = getattr(node, "decorator_list", None)
    first: ast.expr = decorators[0] if decorators else node
    return first.lineno


def _last_line(node: Any) -> int:
    """The line after NODE without its blocks."""
    inner = getattr(node, "body", None) or getattr(node, "cases", None)
    last: int = _first_line(inner[0]) if isinstance(inner, list) else node.end_lineno
    return last + 1


def line_starts(data: bytes) -> list[int]:
    """The offset of each line of DATA, counted from 1 as CPython does, and the end of the last."""
    first = len(codecs.BOM_UTF8) if data.startswith(codecs.BOM_UTF8) else 0
    return [0, first, *accumulate(map(len, data.splitlines(keepends=True))), len(data)]


def _is_deeper(tree: ast.AST, limit: int, lines: list[int]) -> bool:
    """Whether TREE has more than LIMIT levels. Each is written with a byte at least, so what is short is not looked
    into."""
    pending = [(tree, 1)]
    while pending:
        node, level = pending.pop()
        level += _links(node)
        if level > limit:
            return True
        room = limit - level
        pending.extend((child, level + 1) for child in ast.iter_child_nodes(node) if _length(child, lines) > room)
    return False


def _length(node: ast.AST, lines: list[int]) -> int:
    """How many bytes NODE is written with; as many as it likes where CPython does not say."""
    if not isinstance(node, ast.expr | ast.keyword | ast.stmt):
        return LARGEST
    return lines[node.end_lineno or 0] + (node.end_col_offset or 0) - lines[node.lineno] - node.col_offset


def _links(node: ast.AST) -> int:
    """How many levels LibCST makes of what is one node here."""
    if isinstance(node, ast.BoolOp):
        return len(node.values) - 1
    if isinstance(node, ast.alias):
        return node.name.count(".")
    return (node.module or "").count(".") if isinstance(node, ast.ImportFrom) else 0
