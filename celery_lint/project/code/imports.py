"""Which names a Python file imports: what tells which files a worker loads.

The import graph of a worker reaches far more files than facts are needed of, so `ast` reads them here: that is an
order of magnitude faster than LibCST.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from itertools import chain

from celery_lint.facts.model import ImportedNames
from celery_lint.facts.python import cpython
from celery_lint.facts.python.nesting import is_too_large

_LINE = re.compile(
    rb"^(?:\xef\xbb\xbf)?[ \t]*(?:from[ \t]+([\w.]+)[ \t]+import[ \t]+\(?([\w, \t*]*)|import[ \t]+([\w., \t]+))", re.M
)
# An import to the end of its line, or to the bracket that closes it. It may stand behind an `if x:`, or another one.
_IMPORT = re.compile(
    rb"(?:^|\A\xef\xbb\xbf|[\r:;])[ \t]*(?:from|import)\b(?:[^\n(\\]++|\\.)*+(?:\([^)]{0,5000}+\)[^\n]*+)?\n?",
    re.M | re.S,
)
_CERTAIN = (ast.Try, ast.With, ast.ClassDef)


def imported_names(data: bytes) -> ImportedNames:
    """The names that a file of the bytes DATA imports: modules, and what is taken from them.

    Surely at once is what stands in no function and under no `if`. Imports for type checkers only are left out. What
    is no Python (any more) is read line by line.
    """
    tree = _parsed(_head(data)) or _parsed(data)
    if tree is None:
        return ImportedNames(tuple(dict.fromkeys(_of_lines(data))))
    anywhere, at_once = _of_statements(tree.body), _of_statements(tree.body, _CERTAIN)
    return ImportedNames(tuple(dict.fromkeys(anywhere)), tuple(dict.fromkeys(at_once)))


def _head(data: bytes) -> bytes:
    """DATA up to the end of its last import, which is a fraction of it. Where that cuts a string or a bracket in two,
    or leaves a block without a body, it is no Python."""
    end = 0
    for found in _IMPORT.finditer(data):
        end = found.end()
    return data[:end]


def _parsed(data: bytes) -> ast.Module | None:
    if is_too_large(data):
        return None
    try:
        return cpython.module(data)
    except (SyntaxError, ValueError, cpython.TooDeepError):
        return None


def _of_statements(body: list[ast.stmt], into: tuple[type[ast.stmt], ...] = (ast.stmt,)) -> Iterator[str]:
    """What the statements of BODY import; of those that hold others, the types INTO are gone into."""
    # No recursion: a thousand `elif` are a thousand levels.
    waiting = [iter(body)]
    while waiting:
        statement = next(waiting[-1], None)
        match statement:
            case None:
                waiting.pop()
            case ast.Import():
                yield from (alias.name for alias in statement.names)
            case ast.ImportFrom():
                yield from _taken("." * statement.level + (statement.module or ""), [a.name for a in statement.names])
            case ast.If(test=ast.Name(id="TYPE_CHECKING") | ast.Attribute(attr="TYPE_CHECKING")):
                waiting.append(iter(statement.orelse))
            case _ if isinstance(statement, into):
                waiting.append(chain.from_iterable(_bodies(statement)))


def _bodies(statement: ast.stmt) -> Iterator[list[ast.stmt]]:
    for name in ("body", "orelse", "finalbody"):
        yield getattr(statement, name, [])
    for name in ("handlers", "cases"):
        yield from (each.body for each in getattr(statement, name, []))


def _taken(module: str, names: list[str]) -> Iterator[str]:
    yield module
    yield from (f"{module}{name}" if module.endswith(".") else f"{module}.{name}" for name in names if name != "*")


def _of_lines(data: bytes) -> Iterator[str]:
    for found in _LINE.finditer(data):
        module, names, plain = (group.decode() if group else "" for group in found.groups())
        words = [part.split()[0] for part in (names or plain).split(",") if part.split()]
        yield from _taken(module, words) if module else words
