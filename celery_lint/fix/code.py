"""A Python file as the rewriters see it: a LibCST tree whose nodes know where they stand.

Offsets are characters of the decoded text, so that text can be sliced; `Code.span` and `Code.edit` translate
to the bytes that findings and edits are made of. Lines count from 0 here.
"""

from __future__ import annotations

import re
import symtable
import tokenize
import warnings
from bisect import bisect_left, bisect_right
from collections.abc import Generator, Iterator, Sequence
from functools import cached_property
from io import StringIO
from typing import NamedTuple, TypeVar

import libcst as cst

from celery_lint.finding import Edit, Span
from celery_lint.fix.outcome import Withheld
from celery_lint.fix.recorded import Extent, Recorded, recorded
from celery_lint.source import Source

_LINE_END = re.compile(r"\r\n|\n|\r")
# LibCST knows template strings only since it reads Python 3.14.
_STRINGS: tuple[type[cst.CSTNode], ...] = (
    cst.SimpleString,
    cst.FormattedString,
    getattr(cst, "TemplatedString", cst.FormattedString),
)

Node = TypeVar("Node", bound=cst.CSTNode)
Block = cst.Module | cst.IndentedBlock
Definition = cst.FunctionDef | cst.ClassDef


class Line(NamedTuple):
    """One line: where it starts, where its text ends, where its newline ends."""

    start: int
    end: int
    next: int


class Code:
    """One file. It is parsed when its nodes are asked for; raises `Withheld` then when it cannot be, or when its bytes
    could not be given back exactly."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.text = _decoded(source)

    @cached_property
    def _tree(self) -> Recorded | Withheld:
        try:
            return recorded(self.text)
        except Withheld as error:
            return error

    @property
    def _recorded(self) -> Recorded:
        if isinstance(self._tree, Withheld):
            raise Withheld(*self._tree.args)
        return self._tree

    @cached_property
    def module(self) -> cst.Module:
        """The whole tree."""
        return self._recorded.module

    @cached_property
    def _extents(self) -> dict[cst.CSTNode, Extent]:
        return self._recorded.extents

    @cached_property
    def _parents(self) -> dict[cst.CSTNode, cst.CSTNode]:
        return self._recorded.parents

    # Where nodes stand

    def extent(self, node: cst.CSTNode) -> Extent:
        """Where NODE stands, without the whitespace, comments and parentheses around it."""
        return self._extents[node]

    def text_of(self, node: cst.CSTNode) -> str:
        """NODE as it is written."""
        start, end = self._extents[node]
        return self.text[start:end]

    def definition(self, node: cst.FunctionDef | cst.ClassDef) -> Extent:
        """The extent of a definition with its decorators."""
        start, end = self._extents[node]
        return Extent(self._extents[node.decorators[0]].start if node.decorators else start, end)

    def nodes(self, kind: type[Node], within: cst.CSTNode | None = None) -> Iterator[Node]:
        """All nodes of KIND in document order, or those inside WITHIN."""
        start, end = self._extents[within] if within is not None else (0, len(self.text))
        nodes, starts = self._ordered
        for index in range(bisect_left(starts, start), bisect_right(starts, end)):
            node = nodes[index]
            if isinstance(node, kind) and self._extents[node].end <= end:
                yield node

    @cached_property
    def _ordered(self) -> tuple[list[cst.CSTNode], list[int]]:
        nodes = sorted(self._extents, key=lambda node: (self._extents[node].start, -self._extents[node].end))
        return nodes, [self._extents[node].start for node in nodes]

    def find(self, span: Span, kind: type[Node]) -> Node:
        """The node of KIND that stands at the bytes of SPAN."""
        for node in self.at(span):
            if isinstance(node, kind):
                return node
        raise Withheld("the code is not where the rule saw it")

    def at(self, span: Span) -> list[cst.CSTNode]:
        """All nodes that stand at the bytes of SPAN: a call, and the statement that is nothing but the call."""
        wanted = Extent(self.character(span.start), self.character(span.end))
        nodes, starts = self._ordered
        candidates = nodes[bisect_left(starts, wanted.start) : bisect_right(starts, wanted.start)]
        return [node for node in candidates if self._extents[node] == wanted]

    @cached_property
    def definitions(self) -> tuple[Definition, ...]:
        """All functions and classes, in document order."""
        found: tuple[Definition, ...] = (*self.nodes(cst.FunctionDef), *self.nodes(cst.ClassDef))
        return tuple(sorted(found, key=lambda node: self._extents[node].start))

    @cached_property
    def imports(self) -> tuple[cst.Import | cst.ImportFrom, ...]:
        """The imports at module level, under an `if` and in a `try` too."""
        found: tuple[cst.Import | cst.ImportFrom, ...] = (*self.nodes(cst.Import), *self.nodes(cst.ImportFrom))
        return tuple(statement for statement in found if self.function(statement) is self.module)

    @cached_property
    def symbols(self) -> symtable.SymbolTable | None:
        """What Python's compiler knows of the names; None where this Python does not know the syntax."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # about the user's strings
                return symtable.symtable(self.text.removeprefix("\ufeff"), "<code>", "exec")
        except (SyntaxError, ValueError, RecursionError):
            return None

    # What is around a node

    def parent(self, node: cst.CSTNode) -> cst.CSTNode:
        """The node that holds NODE; the module holds itself."""
        return self._parents.get(node, self.module)

    def ancestors(self, node: cst.CSTNode) -> Iterator[cst.CSTNode]:
        """The nodes around NODE, innermost first, the module last."""
        while node in self._parents:
            node = self._parents[node]
            yield node

    def statement(self, node: cst.CSTNode) -> cst.BaseStatement:
        """The innermost statement around NODE that stands on lines of its own."""
        for around in (node, *self.ancestors(node)):
            if isinstance(around, cst.BaseStatement) and isinstance(self.parent(around), Block):
                return around
        raise Withheld("the code is not a statement")

    def block(self, node: cst.CSTNode) -> Block:
        """The block whose statement NODE belongs to."""
        holder = self.parent(self.statement(node))
        assert isinstance(holder, Block)
        return holder

    def function(self, node: cst.CSTNode) -> cst.FunctionDef | cst.Lambda | cst.ClassDef | cst.Module:
        """The scope that NODE's own code runs in."""
        inner = node
        for around in self.ancestors(node):
            if isinstance(around, cst.FunctionDef | cst.ClassDef) and inner is around.body:
                return around
            if isinstance(around, cst.Lambda) and inner is around.body:
                return around
            inner = around
        return self.module

    def contains(self, outer: cst.CSTNode, inner: cst.CSTNode) -> bool:
        """Whether INNER is OUTER or stands inside it."""
        return inner is outer or any(around is outer for around in self.ancestors(inner))

    # Lines

    @cached_property
    def lines(self) -> Sequence[Line]:
        """All lines; the last one is empty when the file ends with a newline."""
        found, start = [], 0
        for match in _LINE_END.finditer(self.text):
            found.append(Line(start, match.start(), match.end()))
            start = match.end()
        return (*found, Line(start, len(self.text), len(self.text)))

    @cached_property
    def _starts(self) -> list[int]:
        return [line.start for line in self.lines]

    def line(self, offset: int) -> int:
        """The line that holds the character at OFFSET."""
        return bisect_right(self._starts, offset) - 1

    def line_text(self, line: int) -> str:
        """LINE without its newline."""
        return self.text[self.lines[line].start : self.lines[line].end]

    def first_line(self, node: cst.CSTNode) -> int:
        """The line NODE starts on, decorators included."""
        if isinstance(node, cst.FunctionDef | cst.ClassDef):
            return self.line(self.definition(node).start)
        return self.line(self._extents[node].start)

    def last_line(self, node: cst.CSTNode) -> int:
        """The line NODE ends on."""
        start, end = self._extents[node]
        return self.line(max(start, end - 1))

    def number(self, node: cst.CSTNode) -> int:
        """The line of NODE as people count it."""
        return self.line(self._extents[node].start) + 1

    def indent(self, line: int) -> str:
        """The whitespace that LINE starts with."""
        text = self.line_text(line)
        return text[: len(text) - len(text.lstrip(" \t\f"))]

    def is_blank(self, line: int) -> bool:
        """Whether LINE holds nothing but whitespace."""
        return not self.line_text(line).strip()

    def is_comment(self, line: int) -> bool:
        """Whether LINE holds a comment and nothing else."""
        return self.line_text(line).lstrip().startswith("#") and line not in self.frozen_lines

    def leading_comments(self, line: int) -> int:
        """The first line of the comments that stand directly above LINE (LINE itself when there are none)."""
        indent = self.indent(line)
        while line > 0 and self.is_comment(line - 1) and self.indent(line - 1) == indent:
            line -= 1
        return line

    @cached_property
    def frozen_lines(self) -> frozenset[int]:
        """Lines that start inside a string: their leading whitespace belongs to the string."""
        inside: set[int] = set()
        for node, (start, end) in self._extents.items():
            if isinstance(node, _STRINGS):
                inside.update(range(self.line(start) + 1, self.line(max(start, end - 1)) + 1))
        return frozenset(inside)

    @cached_property
    def comments(self) -> dict[int, Extent]:
        """The comment on each line that has one."""
        return {
            self.line(extent.start): extent for node, extent in self._extents.items() if isinstance(node, cst.Comment)
        }

    @cached_property
    def tokens(self) -> tuple[tokenize.TokenInfo, ...]:
        """The tokens of the text; empty where this Python's tokenizer does not know the syntax."""
        return tuple(_tokens(self.text))

    @cached_property
    def unit(self) -> str:
        """What one level of indentation looks like here."""
        return self.module.default_indent

    def unit_at(self, node: cst.CSTNode) -> str:
        """What one level of indentation looks like around NODE."""
        for around in self.ancestors(node):
            if isinstance(around, cst.IndentedBlock):
                return around.indent if around.indent is not None else self.unit
        return self.unit

    # Bytes

    @cached_property
    def _plain(self) -> bool:
        return len(self.text) == len(self.source.data)

    def character(self, offset: int) -> int:
        """The character at byte OFFSET."""
        if self._plain:
            return offset
        return len(self.source.data[:offset].decode(self.source.encoding, errors="replace"))

    def byte(self, offset: int) -> int:
        """The byte at which the character at OFFSET starts."""
        if self._plain:
            return offset
        return len(self.text[:offset].encode(self.source.encoding))

    def span(self, extent: Extent) -> Span:
        """EXTENT in bytes."""
        return Span(self.byte(extent.start), self.byte(extent.end))

    def edit(self, extent: Extent, text: str) -> Edit:
        """Replace EXTENT by TEXT, with the file's own newlines."""
        return Edit(self.source.path, self.span(extent), _LINE_END.sub(self.source.newline, text))


def _decoded(source: Source) -> str:
    try:
        return source.data.decode(source.encoding)
    except (SyntaxError, UnicodeError, LookupError):
        raise Withheld("the file is not text in its declared encoding") from None


def _tokens(text: str) -> Generator[tokenize.TokenInfo]:
    try:
        yield from tokenize.generate_tokens(StringIO(text).readline)
    except (tokenize.TokenError, SyntaxError):
        return
