"""A LibCST tree, and where its nodes stand: that shows when the tree is written out."""

from __future__ import annotations

from typing import NamedTuple

import libcst as cst
from libcst._nodes.internal import CodegenState

from celery_lint.fix.outcome import Withheld


class Extent(NamedTuple):
    """A half-open range of characters."""

    start: int
    end: int


class _Recording:
    """Notes where NODE begins and ends without what surrounds it, while it is written: with BEGIN and END, when they
    are given. A class, since one is entered for every expression and `contextlib` takes three times as long."""

    __slots__ = ("begin", "end", "node", "recorder", "start")

    def __init__(
        self, recorder: Recorded, node: cst.CSTNode, begin: cst.CSTNode | None, end: cst.CSTNode | None
    ) -> None:
        self.recorder, self.node, self.begin, self.end = recorder, node, begin, end
        self.start = recorder.position

    def __enter__(self) -> None:
        pass

    def __exit__(self, error: type[BaseException] | None, *_: object) -> None:
        if error is not None:
            return  # what it would look for has not been written
        extents = self.recorder.extents
        first = self.start if self.begin is None else extents[self.begin].start
        last = self.recorder.position if self.end is None else extents[self.end].end
        extents[self.node] = Extent(first, last)


class Recorded(CodegenState):
    """Renders a tree and notes where every node comes out, and under which parent."""

    def __init__(self, module: cst.Module) -> None:
        super().__init__(module.default_indent, module.default_newline)
        self.module = module
        self.position = 0
        self.extents: dict[cst.CSTNode, Extent] = {}
        self.parents: dict[cst.CSTNode, cst.CSTNode] = {}
        self._open: list[tuple[cst.CSTNode, int]] = []

    def add_indent_tokens(self) -> None:
        super().add_indent_tokens()
        self.position += sum(map(len, self.indent_tokens))

    def add_token(self, value: str) -> None:
        super().add_token(value)
        self.position += len(value)

    def before_codegen(self, node: cst.CSTNode) -> None:
        if self._open:
            self.parents[node] = self._open[-1][0]
        self._open.append((node, self.position))

    def after_codegen(self, node: cst.CSTNode) -> None:
        _, start = self._open.pop()
        self.extents.setdefault(node, Extent(start, self.position))

    def record_syntactic_position(  # type: ignore[override]
        self, node: cst.CSTNode, *, start_node: cst.CSTNode | None = None, end_node: cst.CSTNode | None = None
    ) -> _Recording:
        return _Recording(self, node, start_node, end_node)


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
