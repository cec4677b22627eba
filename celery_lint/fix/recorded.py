"""A LibCST tree, and where its nodes stand: that shows when the tree is written out."""

from __future__ import annotations

from typing import NamedTuple

import libcst as cst
from libcst._nodes.internal import CodegenState

from celery_lint.facts.python.spans import Recording
from celery_lint.fix.outcome import Withheld


class Extent(NamedTuple):
    """A half-open range of characters."""

    start: int
    end: int


class Recorded(CodegenState):
    """Renders a tree and notes where every node comes out, and under which parent."""

    def __init__(self, module: cst.Module) -> None:
        super().__init__(module.default_indent, module.default_newline)
        self.module = module
        self.offset = 0
        self.extents: dict[cst.CSTNode, Extent] = {}
        self.parents: dict[cst.CSTNode, cst.CSTNode] = {}
        self._open: list[tuple[cst.CSTNode, int]] = []

    def add_indent_tokens(self) -> None:
        super().add_indent_tokens()
        self.offset += sum(map(len, self.indent_tokens))

    def add_token(self, value: str) -> None:
        super().add_token(value)
        self.offset += len(value)

    def before_codegen(self, node: cst.CSTNode) -> None:
        if self._open:
            self.parents[node] = self._open[-1][0]
        self._open.append((node, self.offset))

    def after_codegen(self, node: cst.CSTNode) -> None:
        _, start = self._open.pop()
        self.extents.setdefault(node, Extent(start, self.offset))

    def record_syntactic_position(  # type: ignore[override]
        self, node: cst.CSTNode, *, start_node: cst.CSTNode | None = None, end_node: cst.CSTNode | None = None
    ) -> Recording:
        return Recording(self, node, start_node, end_node)

    def start_of(self, node: cst.CSTNode) -> int:
        return self.extents[node].start

    def end_of(self, node: cst.CSTNode) -> int:
        return self.extents[node].end

    def note(self, node: cst.CSTNode, start: int, end: int) -> None:
        self.extents[node] = Extent(start, end)


def recorded(text: str) -> Recorded:
    """The tree of TEXT, and where its nodes stand. Raises `Withheld` when it cannot be read, or could not be given back
    exactly."""
    try:
        recorder = Recorded(_parsed(text))
        recorder.module._codegen(recorder)
    except RecursionError:
        raise Withheld("the code of this file is nested too deeply") from None
    if "".join(recorder.tokens) != text:
        raise Withheld("LibCST cannot give this file back unchanged")
    return recorder


def _parsed(text: str) -> cst.Module:
    try:
        return cst.parse_module(text)
    except cst.ParserSyntaxError:
        raise Withheld("LibCST cannot read the syntax of this file") from None
