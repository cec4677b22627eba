"""What a piece of code says, however it is written: the same before and after a formatter, or another name for a
variable of the function.

Python is compared as its syntax tree has it: without positions, comments, docstrings, quotes, brackets that change
nothing; the names of variables and parameters are numbered. Other files are compared word by word.
"""

from __future__ import annotations

import ast
import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import lru_cache

from celery_lint.facts.python import cpython
from celery_lint.finding import Span
from celery_lint.source import Source

_PYTHON = (".py", ".pyi")
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_SCOPES = (*_FUNCTIONS, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_PLACED = (ast.stmt, ast.expr, ast.excepthandler, ast.arg, ast.keyword, ast.alias, ast.pattern)
# What stands at a function, but not in it.
_OUTSIDE = frozenset({"decorator_list", "returns", "type_params"})
# What says nothing about the meaning, or only on some versions of Python.
_LEFT_OUT = frozenset({"ctx", "kind", "type_comment", "type_ignores", "lineno", "col_offset", "end_lineno",
                       "end_col_offset", "simple"})  # fmt: skip
_WORDS = re.compile(r"[^\s'\"\\,;()\[\]{}]+")
_COMMENT = re.compile(r"(?:^|(?<=[\s;]))#.*")


def essence(source: Source, span: Span) -> str:
    """What the code of SPAN in SOURCE says."""
    if span.end <= span.start:
        return ""
    if source.path.endswith(_PYTHON):
        tree = _tree(source.path, source.data)
        if tree is not None:
            try:
                return tree.essence(span)
            except RecursionError:
                pass
    return _words(source.text(span))


def local_names(source: Source, span: Span) -> frozenset[str]:
    """The variables of functions that are known at SPAN in SOURCE."""
    tree = _tree(source.path, source.data) if source.path.endswith(_PYTHON) else None
    try:
        return tree.local_names(span) if tree is not None else frozenset()
    except RecursionError:
        return frozenset()


def _words(text: str) -> str:
    lines = (_COMMENT.sub("", line) for line in text.splitlines())
    return " ".join(word for line in lines for word in _WORDS.findall(line) if word.strip("-"))


@lru_cache(maxsize=2)
def _tree(path: str, data: bytes) -> _Tree | None:
    """The syntax of the file PATH with DATA; None for what this Python cannot parse."""
    source = Source(path, data)
    try:
        module = cpython.module(data)
        encoding = source.encoding.removesuffix("-sig")
    except (SyntaxError, ValueError, cpython.TooDeepError, LookupError):
        return None
    return _Tree(source, encoding, module)


class _Tree:
    """A parsed file."""

    def __init__(self, source: Source, encoding: str, module: ast.Module) -> None:
        self._source = source
        self._is_utf8 = encoding.lower().replace("_", "-") in ("utf-8", "ascii", "us-ascii")
        self._module = module
        self._bindings: dict[ast.AST, frozenset[str]] = {}

    def essence(self, span: Span) -> str:
        """What the nodes say that lie in SPAN; the words when there is no whole one."""
        start, end = self._place(span.start), self._place(span.end)
        numbers: dict[str, int] = {}
        said = [self._said(node, local, numbers) for node, local in self._within(self._module, start, end, frozenset())]
        return " ".join(said) or _words(self._source.text(span))

    def local_names(self, span: Span) -> frozenset[str]:
        """The names that are local where SPAN starts."""
        at = self._place(span.start)
        waiting: list[tuple[ast.AST, frozenset[str]]] = [(self._module, frozenset())]
        found: frozenset[str] = frozenset()
        while waiting:
            node, local = waiting.pop()
            found |= local
            for child, inside in self._children(node, local):
                extent = _extent(child)
                if extent is None or extent[0] <= at < extent[1]:
                    waiting.append((child, inside))
        return found

    def _place(self, offset: int) -> tuple[int, int]:
        """The line and column of the byte at OFFSET as `ast` counts: bytes of UTF-8, no byte order mark."""
        starts = self._source.line_starts
        line = bisect_right(starts, offset)
        before = self._source.data[starts[line - 1] : offset]
        if line == 1 and self._source.has_bom:
            before = before[3:]
        return line, len(before if self._is_utf8 else self._source.decode(before).encode("utf-8", "replace"))

    def _within(
        self, node: ast.AST, start: tuple[int, int], end: tuple[int, int], local: frozenset[str]
    ) -> Iterator[tuple[ast.AST, frozenset[str]]]:
        """The largest nodes below NODE that lie between START and END, each with the names that are LOCAL there."""
        for child, inside in self._children(node, local):
            extent = _extent(child)
            if extent is None:
                yield from self._within(child, start, end, inside)
            elif extent[1] > start and extent[0] < end:
                # Where the parts of a formatted text are differs from one Python to the next: it counts as a whole.
                if isinstance(child, ast.JoinedStr) or (start <= extent[0] and extent[1] <= end):
                    # A call that stands alone is a statement, and a call.
                    yield child.value if isinstance(child, ast.Expr) else child, inside
                else:
                    yield from self._within(child, start, end, inside)

    def _children(self, node: ast.AST, local: frozenset[str]) -> Iterator[tuple[ast.AST, frozenset[str]]]:
        """The nodes right below NODE, in the order of their fields, each with the names that are local in it."""
        inner = self._inside(node, local)
        for name, value in ast.iter_fields(node):
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.arguments):
                    for each in ast.iter_child_nodes(child):
                        yield each, inner if isinstance(each, ast.arg) else local
                elif isinstance(child, ast.AST):
                    yield child, local if name in _OUTSIDE and isinstance(node, _FUNCTIONS) else inner

    def _said(self, node: ast.AST, local: frozenset[str], numbers: dict[str, int]) -> str:
        """NODE as text; NUMBERS has the local names met so far."""
        inner = self._inside(node, local)
        parts: list[str] = []
        for field, value in ast.iter_fields(node):
            if field in _LEFT_OUT or value is None or value == []:
                continue
            here = local if field in _OUTSIDE and isinstance(node, _FUNCTIONS) else inner
            values = value if isinstance(value, list) else [value]
            if field == "body":
                values = [each for each in values if not _is_docstring(each)]
            parts.append(f"{field}={','.join(self._value(each, field, node, here, numbers) for each in values)}")
        return f"{type(node).__name__}({' '.join(parts)})"

    def _value(self, value: object, field: str, node: ast.AST, local: frozenset[str], numbers: dict[str, int]) -> str:
        if isinstance(value, ast.AST):
            return self._said(value, local, numbers)
        if isinstance(value, str) and value in local and (field, type(node)) in _NAMES:
            return f"${numbers.setdefault(value, len(numbers))}"
        return repr(value)

    def _inside(self, node: ast.AST, local: frozenset[str]) -> frozenset[str]:
        """The names that are local in NODE; LOCAL are those around it."""
        if not isinstance(node, _SCOPES):
            return local
        if node not in self._bindings:
            self._bindings[node] = frozenset(_bound(node))
        return local | self._bindings[node]


def _extent(node: ast.AST) -> tuple[tuple[int, int], tuple[int, int]] | None:
    """Where NODE starts and ends, its decorators included; None for what has no place."""
    if not isinstance(node, _PLACED):
        return None
    first = node
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and node.decorator_list:
        first = node.decorator_list[0]
    return (first.lineno, first.col_offset), (node.end_lineno or node.lineno, node.end_col_offset or 0)


def _bound(scope: ast.AST) -> set[str]:
    """The names of parameters and variables of SCOPE: not what it imports or defines, nor what is global."""
    names: set[str] = set()
    foreign: set[str] = set()
    waiting = list(_parts(scope))
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            names.add(node.id)
        elif isinstance(node, ast.arg):
            names.add(node.arg)
        elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
            names.add(node.name)
        elif isinstance(node, ast.MatchMapping) and node.rest:
            names.add(node.rest)
        elif isinstance(node, ast.Global):
            foreign.update(node.names)
        if not isinstance(node, (*_FUNCTIONS, ast.ClassDef)):
            waiting.extend(ast.iter_child_nodes(node))
    return names - foreign


def _parts(scope: ast.AST) -> Sequence[ast.AST]:
    if isinstance(scope, ast.Lambda):
        return [scope.args, scope.body]
    if isinstance(scope, ast.FunctionDef | ast.AsyncFunctionDef):
        return [scope.args, *scope.body]
    return [generator.target for generator in getattr(scope, "generators", ())]


_NAMES = frozenset({
    ("id", ast.Name), ("arg", ast.arg), ("name", ast.ExceptHandler), ("name", ast.MatchAs), ("name", ast.MatchStar),
    ("rest", ast.MatchMapping), ("names", ast.Nonlocal),
})  # fmt: skip


def _is_docstring(node: object) -> bool:
    """Whether NODE is a text that stands alone: nothing comes of it, and formatters indent it."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
