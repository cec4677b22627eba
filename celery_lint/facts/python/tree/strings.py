"""Strings of CPython's tree as LibCST nodes: several in a row, and those with expressions in them.

CPython has what stands in a row as one, and before 3.12 it does not know where the expressions in an f-string stand. So
the text is cut into its pieces here, and what is between braces is given to CPython by itself.
"""

from __future__ import annotations

import re

import libcst as cst

from celery_lint.facts.python import cpython
from celery_lint.facts.python.tree.leaves import Leaves, Node, Twin
from celery_lint.facts.python.tree.nodes import UnknownSyntaxError, maker
from celery_lint.finding import Span

_string = maker(cst.SimpleString, "value")
_row = maker(cst.ConcatenatedString, "left", "right")
_format, _text = maker(cst.FormattedString, "parts", "start"), maker(cst.FormattedStringText, "value")
_expression = maker(cst.FormattedStringExpression, "expression", "conversion", "format_spec")

_START = re.compile(rb"""([A-Za-z]{0,2})('''|\"""|'|")""")
# Nothing is ever taken back in these (`++`): a long string must not take the memory of all its characters.
_STRING = re.compile(
    rb"""'''(?:[^'\\]++|\\.|'(?!''))*+'''|'(?!'')(?:[^'\\]++|\\.)*+'|"""
    rb'''"""(?:[^"\\]++|\\.|"(?!""))*+"""|"(?!"")(?:[^"\\]++|\\.)*+"''',
    re.DOTALL,
)
_TEXTS = {
    b"'": re.compile(rb"(?:[^{}\\'\r\n]++|\\[^{}]|\\(?=[{}])|\{\{|\}\})++", re.DOTALL),
    b'"': re.compile(rb'(?:[^{}\\"\r\n]++|\\[^{}]|\\(?=[{}])|\{\{|\}\})++', re.DOTALL),
    b"'''": re.compile(rb"(?:[^{}\\']++|'(?!'')|\\[^{}]|\\(?=[{}])|\{\{|\}\})++", re.DOTALL),
    b'"""': re.compile(rb'(?:[^{}\\"]++|"(?!"")|\\[^{}]|\\(?=[{}])|\{\{|\}\})++', re.DOTALL),
}
# What ends no expression and opens nothing.
_CALM = re.compile(rb"""[^\[\](){}'"!:=<>\\#]*+""")
_CONVERSION = re.compile(rb"!\s*([rsa])\s*+(?=[:}])")
_WIDTH = re.compile(rb"""[^{}'"\\\r\n]++""")


class Strings(Leaves):
    """Makes LibCST strings of CPython's."""

    def constant(self, twin: Twin, start: int, end: int) -> Node:
        """A constant. Several texts in a row are one node, as they are one constant."""
        if type(twin.value) is bytes:
            return self.row(start, end)
        return super().constant(twin, start, end)

    def formatted(self, twin: Twin, start: int, end: int) -> Node:
        """An f-string, or several strings in a row with one among them."""
        try:
            return self.row(start, end)
        except (UnknownSyntaxError, SyntaxError, ValueError):
            return self.parsed(twin, start, end)

    def row(self, start: int, end: int) -> Node:
        """The strings from START to END."""
        pieces: list[tuple[int, Node]] = []
        at = stop = start
        while at < end:
            node, stop = self.piece(at)
            self.spans[id(node)] = Span(at, stop)
            pieces.append((at, node))
            at = self.places.after_gap(stop)
        if stop != end:
            raise UnknownSyntaxError("string")
        _, made = pieces.pop()
        for begin, node in reversed(pieces):
            made = _row(node, made)
            self.spans[id(made)] = Span(begin, end)
        return made

    def piece(self, start: int) -> tuple[Node, int]:
        """The string at START, and where it ends."""
        begun = _START.match(self.data, start)
        prefix = begun[1].lower() if begun is not None else b""
        if begun is None or b"t" in prefix:
            raise UnknownSyntaxError("string")
        if b"f" in prefix:
            return self.format(begun[0], begun[2], begun.end(), is_raw=b"r" in prefix)
        whole = _STRING.match(self.data, begun.start(2))
        if whole is None:
            raise UnknownSyntaxError("string")
        return _string(self.data[start : whole.end()].decode()), whole.end()

    def format(self, opening: bytes, quote: bytes, at: int, *, is_raw: bool) -> tuple[Node, int]:
        """The f-string that begins with OPENING and goes on at AT; what follows its QUOTE at the end."""
        data, parts = self.data, list[Node]()
        while not data.startswith(quote, at):
            part, at = self.placeholder(at) if self.opens(at) else self.literal(_TEXTS[quote], at, is_raw=is_raw)
            parts.append(part)
        return _format(parts, opening.decode()), at + len(quote)

    def opens(self, at: int) -> bool:
        """Whether a placeholder begins AT."""
        return self.data.startswith(b"{", at) and not self.data.startswith(b"{{", at)

    def literal(self, pattern: re.Pattern[bytes], at: int, *, is_raw: bool) -> tuple[Node, int]:
        """The text AT in an f-string, and where it ends."""
        found = pattern.match(self.data, at)
        # The braces of a character's name are none of a placeholder.
        if found is None or (not is_raw and b"\\N" in found[0]):
            raise UnknownSyntaxError("text")
        node = _text(found[0].decode())
        self.spans[id(node)] = Span(*found.span())
        return node, found.end()

    def placeholder(self, start: int) -> tuple[Node, int]:
        """`{expression!r:width}` at START, and where it ends."""
        at = self.after_expression(start + 1)
        value = self.within(start + 1, at)
        converted = _CONVERSION.match(self.data, at)
        at = converted.end() if converted is not None else at
        width: list[Node] | None = None
        if self.data.startswith(b":", at):
            width, at = self.width(at + 1)
        if not self.data.startswith(b"}", at):
            raise UnknownSyntaxError("placeholder")
        node = _expression(value, converted[1].decode() if converted is not None else None, width)
        self.spans[id(node)] = Span(start, at + 1)
        return node, at + 1

    def width(self, at: int) -> tuple[list[Node], int]:
        """What a placeholder says at AT of how it is written, and where that ends."""
        parts: list[Node] = []
        while not self.data.startswith(b"}", at):
            part, at = self.placeholder(at) if self.opens(at) else self.literal(_WIDTH, at, is_raw=True)
            parts.append(part)
        return parts, at

    def after_expression(self, at: int) -> int:
        """Where the expression in a placeholder ends that begins AT."""
        data, depth = self.data, 0
        while True:
            at = _after_calm(data, at)
            match data[at : at + 1]:
                case b"(" | b"[" | b"{":
                    depth += 1
                case b")" | b"]" | b"}" if depth:
                    depth -= 1
                case b")" | b"]" | b"}":
                    return at
                case b"'" | b'"':
                    at = self.after_string(at) - 1
                case b"!" | b"=" | b"<" | b">" if data.startswith(b"=", at + 1):
                    at += 1
                case b"!" | b":" if not depth:
                    return at
                case b"" | b"\\" | b"#":
                    raise UnknownSyntaxError("expression")
                case b"=" if not depth:
                    raise UnknownSyntaxError("expression that shows itself")
            at += 1

    def after_string(self, at: int) -> int:
        """Where the string ends whose quotes begin AT."""
        found = _STRING.match(self.data, at)
        if found is None:
            raise UnknownSyntaxError("string")
        return found.end()

    def within(self, start: int, end: int) -> Node:
        """The expression that stands by itself from START to END."""
        text = b"(" + self.data[start:end] + b")"
        inner = type(self)(text)
        node = inner.of(cpython.expression(text))
        shift = start - 1
        self.spans.update((key, Span(span.start + shift, span.end + shift)) for key, span in inner.spans.items())
        self.constants.update(inner.constants)
        return node


def _after_calm(data: bytes, at: int) -> int:
    calm = _CALM.match(data, at)
    return calm.end() if calm is not None else at
