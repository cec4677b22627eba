"""Names, numbers and strings of CPython's tree as LibCST nodes: what other expressions are made of."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from typing import Any

import libcst as cst

from celery_lint.facts.python.spans import SpanState
from celery_lint.facts.python.tree.nodes import UnknownSyntaxError, maker
from celery_lint.facts.python.tree.places import Places
from celery_lint.finding import Span

Twin = Any
"""An `ast` node; its kind has been looked up already."""
Node = Any
"""The LibCST node that is made of one; the fields it goes into take just that kind."""

_attribute = maker(cst.Attribute, "value", "attr")
_name = maker(cst.Name, "value")
_integer, _float, _imaginary = (maker(kind, "value") for kind in (cst.Integer, cst.Float, cst.Imaginary))
_ellipsis = maker(cst.Ellipsis)
_string = maker(cst.SimpleString, "value")

_CONSTANTS: dict[type[object], Callable[[str], cst.CSTNode]] = {
    str: _string, bool: _name, type(None): _name, int: _integer, float: _float, complex: _imaginary,
    type(...): lambda _: _ellipsis(),
}  # fmt: skip
_NEWLINE = re.compile("\r\n?|\n")


class Leaves(ABC):
    """Makes LibCST expressions of CPython's. By the `id` of a node: the SPANS of all, and the values of CONSTANTS."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.places = Places(data)
        self.spans: dict[int, Span] = {}
        self.constants: dict[int, object] = {}

    @abstractmethod
    def of(self, twin: Twin) -> Node:
        """The LibCST node of TWIN; its span is noted."""

    def maybe(self, twin: Twin) -> Node:
        """The LibCST node of TWIN, None when there is none."""
        return None if twin is None else self.of(twin)

    # one method a kind: it gets the `ast` node, and where CPython says that it begins and ends

    def name(self, twin: Twin, start: int, end: int) -> cst.Name:
        return self.identifier(twin.id)

    def identifier(self, text: str) -> cst.Name:
        # CPython normalises what is not ASCII.
        if not text.isascii():
            raise UnknownSyntaxError(text)
        return _name(text)

    def constant(self, twin: Twin, start: int, end: int) -> Node:
        node = _CONSTANTS[type(twin.value)](self.data[start:end].decode())
        self.constants[id(node)] = twin.value
        return node

    def parsed(self, twin: Twin, start: int, end: int) -> Node:
        """What LibCST's parser makes of the bytes from START to END; the spans are those of its code generator."""
        text = self.data[start:end].decode()
        try:
            node = cst.parse_expression(f"({text})")
        except cst.ParserSyntaxError:
            raise UnknownSyntaxError(text) from None
        newline = _NEWLINE.search(text)
        state = SpanState("    ", newline.group() if newline is not None else "\n", offset=start - 1)
        node._codegen(state)
        for places in (state.whole, state.syntactic):
            self.spans.update((key, Span(*place)) for key, place in places.items())
        return node

    def path(self, first: str, rest: Iterable[str]) -> Node:
        """A dotted name; a plain one when there is no REST."""
        made: Node = self.identifier(first)
        for name in rest:
            made = _attribute(made, self.identifier(name))
        return made

    def dotted(self, name: str) -> Node:
        """The dotted NAME."""
        first, *rest = name.split(".")
        return self.path(first, rest)
