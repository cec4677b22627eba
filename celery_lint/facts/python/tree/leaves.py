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
_format, _format_text = maker(cst.FormattedString, "parts", "start"), maker(cst.FormattedStringText, "value")
_format_expression = maker(cst.FormattedStringExpression, "expression")

_CONSTANTS: dict[type[object], Callable[[str], cst.CSTNode]] = {
    str: _string, bytes: _string, bool: _name, type(None): _name, int: _integer, float: _float, complex: _imaginary,
    type(...): lambda _: _ellipsis(),
}  # fmt: skip
# Nothing is ever taken back in these (`++`): a long string must not take the memory of all its characters.
_ONE_STRING = re.compile(
    rb"""[rRbBuU]{0,2}(?:'''(?:[^'\\]++|\\.|'(?!''))*+'''|'(?!'')(?:[^'\\]++|\\.)*+'|"""
    rb'''"""(?:[^"\\]++|\\.|"(?!""))*+"""|"(?!"")(?:[^"\\]++|\\.)*+")''',
    re.DOTALL,
)
_PART = re.compile(rb"\{(?P<name>[^}]+)\}|[^{]+")
_PLAIN_FORMAT = re.compile(
    rb"""[fF](?:"(?:[^"\\{}\r\n]++|\{[A-Za-z_]\w*+(?:\.[A-Za-z_]\w*+)*+\})*+"|"""
    rb"""'(?:[^'\\{}\r\n]++|\{[A-Za-z_]\w*+(?:\.[A-Za-z_]\w*+)*+\})*+')"""
)
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
        value = twin.value
        make = _CONSTANTS[type(value)]
        if make is _string and not _ONE_STRING.fullmatch(self.data, start, end):
            return self.parsed(twin, start, end)
        node = make(self.data[start:end].decode())
        self.constants[id(node)] = value
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

    def formatted(self, twin: Twin, start: int, end: int) -> Node:
        """An f-string. Before 3.12 CPython does not know where the expressions in it stand; plain names are found."""
        if not _PLAIN_FORMAT.fullmatch(self.data, start, end):
            return self.parsed(twin, start, end)
        parts: list[Node] = []
        for found in _PART.finditer(self.data, start + 2, end - 1):
            text, name = found.group().decode(), found["name"]
            if name is None:
                node: Node = _format_text(text)
                self.spans[id(node)] = Span(*found.span())
            else:
                expression = self.dotted(name.decode())
                self.spans[id(expression)] = Span(*found.span("name"))
                node = _format_expression(expression)
            parts.append(node)
        return _format(parts, self.data[start : start + 2].decode())

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
