"""Byte spans of LibCST nodes: its own code generator, told to note where each node begins and ends.

Needed where LibCST parses (`facts.python.tree` notes the spans of what it makes). One run of the generator costs a
quarter of the parse; LibCST's position providers cost more than the parse.
"""

from __future__ import annotations

import codecs
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import libcst as cst
from libcst._nodes.internal import CodegenState

from celery_lint.finding import Span


class Writing(Protocol):
    """A code generator's state that knows how far it has come (OFFSET), and where nodes stand."""

    offset: int

    def start_of(self, node: cst.CSTNode) -> int: ...
    def end_of(self, node: cst.CSTNode) -> int: ...
    def note(self, node: cst.CSTNode, start: int, end: int) -> None: ...


class Recording:
    """Notes where NODE begins and ends without what surrounds it, while the generator writes it: with BEGIN and END,
    when they are given.

    A class, since the generator enters one for every expression and `contextlib` takes three times as long.
    """

    __slots__ = ("begin", "end", "node", "start", "state")

    def __init__(self, state: Writing, node: cst.CSTNode, begin: cst.CSTNode | None, end: cst.CSTNode | None) -> None:
        self.state, self.node, self.begin, self.end = state, node, begin, end

    def __enter__(self) -> None:
        self.start = self.state.offset

    def __exit__(self, error: type[BaseException] | None, *_: object) -> None:
        if error is not None:
            return  # what it would look for has not been written
        state = self.state
        begin = self.start if self.begin is None else state.start_of(self.begin)
        end = state.offset if self.end is None else state.end_of(self.end)
        state.note(self.node, begin, end)


@dataclass(frozen=False)
class SpanState(CodegenState):
    """A code generator's state that counts bytes instead of keeping text. Nodes go by their `id`: the module that
    holds them outlives this."""

    encoding: str = "utf-8"
    offset: int = 0
    whole: dict[int, tuple[int, int]] = field(default_factory=dict)
    syntactic: dict[int, tuple[int, int]] = field(default_factory=dict)
    starts: list[int] = field(default_factory=list)

    def add_token(self, value: str) -> None:
        self.offset += len(value) if value.isascii() else len(value.encode(self.encoding))

    def add_indent_tokens(self) -> None:
        self.offset += sum(map(len, self.indent_tokens))

    def before_codegen(self, node: cst.CSTNode) -> None:
        self.starts.append(self.offset)

    def after_codegen(self, node: cst.CSTNode) -> None:
        self.whole[id(node)] = (self.starts.pop(), self.offset)

    def record_syntactic_position(  # type: ignore[override]
        self,
        node: cst.CSTNode,
        *,
        start_node: cst.CSTNode | None = None,
        end_node: cst.CSTNode | None = None,
    ) -> Recording:
        return Recording(self, node, start_node, end_node)

    def start_of(self, node: cst.CSTNode) -> int:
        return self.of(node).start

    def end_of(self, node: cst.CSTNode) -> int:
        return self.of(node).end

    def note(self, node: cst.CSTNode, start: int, end: int) -> None:
        self.syntactic[id(node)] = (start, end)

    def of(self, node: cst.CSTNode) -> Span:
        """The span of NODE without surrounding whitespace and parentheses."""
        return Span(*(self.syntactic.get(id(node)) or self.whole[id(node)]))


class Spans:
    """The byte spans of nodes: without surrounding whitespace and parentheses; a `def` or `class` from its first
    decorator on."""

    def __init__(self, spans: Mapping[int, Span]) -> None:
        self._spans = spans

    def of(self, node: cst.CSTNode) -> Span:
        """The span of NODE."""
        return self._spans[id(node)]


class GeneratedSpans(Spans):
    """The spans of all nodes of one parsed module, by the code generator alone."""

    def __init__(self, module: cst.Module, data: bytes) -> None:
        state = SpanState(
            default_indent=module.default_indent,
            default_newline=module.default_newline,
            # With a BOM it is `utf-8-sig`, which would count one for each token.
            encoding=module.encoding.removesuffix("-sig"),
            offset=(start := len(codecs.BOM_UTF8) if data.startswith(codecs.BOM_UTF8) else 0),
        )
        module._codegen(state)
        # The generator takes a newline back from the text it has kept, and here it has kept none.
        state.whole[id(module)] = (start, len(data))
        self._state = state

    def of(self, node: cst.CSTNode) -> Span:
        span = self._state.of(node)
        if isinstance(node, cst.FunctionDef | cst.ClassDef) and node.decorators:
            return Span(self._state.of(node.decorators[0]).start, span.end)
        return span
