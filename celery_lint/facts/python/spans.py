"""Byte spans of LibCST nodes: its own code generator, told to note where each node begins and ends.

One run of the generator costs a quarter of the parse; LibCST's position providers cost more than the parse.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import libcst as cst
from libcst._nodes.internal import CodegenState

from celery_lint.finding import Span


@dataclass(frozen=False)
class _SpanState(CodegenState):
    """A code generator's state that counts bytes instead of keeping text."""

    encoding: str = "utf-8"
    offset: int = 0
    whole: dict[cst.CSTNode, Span] = field(default_factory=dict)
    syntactic: dict[cst.CSTNode, Span] = field(default_factory=dict)
    starts: list[int] = field(default_factory=list)

    def add_token(self, value: str) -> None:
        self.offset += len(value) if value.isascii() else len(value.encode(self.encoding))

    def add_indent_tokens(self) -> None:
        self.offset += sum(map(len, self.indent_tokens))

    def before_codegen(self, node: cst.CSTNode) -> None:
        self.starts.append(self.offset)

    def after_codegen(self, node: cst.CSTNode) -> None:
        self.whole[node] = Span(self.starts.pop(), self.offset)

    @contextmanager
    def record_syntactic_position(
        self,
        node: cst.CSTNode,
        *,
        start_node: cst.CSTNode | None = None,
        end_node: cst.CSTNode | None = None,
    ) -> Iterator[None]:
        start = self.offset
        yield
        begin = start if start_node is None else self.of(start_node).start
        end = self.offset if end_node is None else self.of(end_node).end
        self.syntactic[node] = Span(begin, end)

    def of(self, node: cst.CSTNode) -> Span:
        """The span of NODE without surrounding whitespace and parentheses."""
        return self.syntactic.get(node) or self.whole[node]


class Spans:
    """The spans of all nodes of one parsed module."""

    def __init__(self, module: cst.Module, data: bytes) -> None:
        state = _SpanState(
            default_indent=module.default_indent,
            default_newline=module.default_newline,
            encoding=module.encoding,
            offset=len(codecs.BOM_UTF8) if data.startswith(codecs.BOM_UTF8) else 0,
        )
        module._codegen(state)
        self._state = state

    def of(self, node: cst.CSTNode) -> Span:
        """The span of NODE without surrounding whitespace and parentheses; a `def` or `class` from its
        first decorator on."""
        span = self._state.of(node)
        if isinstance(node, cst.FunctionDef | cst.ClassDef) and node.decorators:
            return Span(self._state.of(node.decorators[0]).start, span.end)
        return span
