"""Byte spans of LibCST expressions from their twins in CPython's tree; see `twins`."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import libcst as cst

from celery_lint.facts.python.nesting import line_starts
from celery_lint.facts.python.spans import SpanState
from celery_lint.finding import Span

Twin = Any
"""An `ast` node: which one is known only from the LibCST node beside it."""


class MismatchError(Exception):
    """A LibCST node and what should be its twin are of different kinds."""


class ExpressionTwins:
    """Walks an expression in both trees and notes the span of each LibCST node that a fact may be made of."""

    def __init__(self, module: cst.Module, data: bytes) -> None:
        self.module = module
        self.lines = line_starts(data)
        self.spans: dict[int, Span] = {}
        self.indents: list[str] = []

    def expression(self, node: Any, twin: Twin) -> Span:
        """Note the spans of NODE and of what it is made of; gives back its own with the parentheses around it."""
        lines = self.lines
        span = Span(lines[twin.lineno] + twin.col_offset, lines[twin.end_lineno] + twin.end_col_offset)
        expected, place = _EXPRESSIONS[type(node)]
        if type(twin) not in expected:
            raise MismatchError
        if place is not None:
            span = place(self, node, twin, span) or span
        self.spans[id(node)] = span
        return self.around(node, span) if node.lpar else span

    def around(self, node: cst.BaseExpression, span: Span) -> Span:
        """SPAN of NODE with its parentheses."""
        return Span(span.start - self.widths(node.lpar), span.end + self.widths(node.rpar))

    # one method a kind: it gets the node, its twin and the span CPython gives, and may give a better span

    def attribute(self, node: cst.Attribute, twin: Twin, span: Span) -> None:
        value: cst.CSTNode = node
        while type(value) is cst.Attribute:
            value = value.value
        # Of a dotted name only the whole is a fact.
        if type(value) is not cst.Name:
            self.expression(node.value, twin.value)

    def call(self, node: cst.Call, twin: Twin, span: Span) -> None:
        self.expression(node.func, twin.func)
        if node.args:
            self.arguments(node.args, twin.args, twin.keywords)

    def arguments(self, nodes: Sequence[cst.Arg], plain: Sequence[Twin], keywords: Sequence[Twin]) -> None:
        """Arguments stand in the order they are written; their twins are in two lists."""
        lines, at, keyword = self.lines, 0, 0
        for node in nodes:
            if node.keyword is not None or node.star == "**":
                twin = keywords[keyword]
                keyword += 1
                self.expression(node.value, twin.value)
            else:
                twin = plain[at]
                at += 1
                if not node.star:
                    self.spans[id(node)] = self.expression(node.value, twin)
                    continue
                self.expression(node.value, twin.value)
            self.spans[id(node)] = Span(
                lines[twin.lineno] + twin.col_offset, lines[twin.end_lineno] + twin.end_col_offset
            )
        if at != len(plain) or keyword != len(keywords):
            raise MismatchError

    def concatenated(self, node: cst.ConcatenatedString, twin: Twin, span: Span) -> None:
        start, rest = span.start, node
        while True:
            left, right = rest.left, rest.right
            start = self.piece(left, start) + self.width(rest.whitespace_between)
            if type(right) is not cst.ConcatenatedString:
                break
            self.spans[id(right)] = Span(start, span.end)
            rest = right
        if self.piece(right, start) != span.end:
            raise MismatchError

    def piece(self, node: Any, start: int) -> int:
        """A part of a concatenated string, which begins at START; gives back where it ends."""
        if type(node) is not cst.SimpleString:
            return self.regenerate(node, start)
        text = node.value
        span = self.spans[id(node)] = Span(start, start + (len(text) if text.isascii() else len(text.encode())))
        return span.end

    def formatted(self, node: cst.FormattedString, twin: Twin, span: Span) -> Span:
        self.regenerate(node, span.start - self.widths(node.lpar))
        return self.spans[id(node)]

    def items(self, node: cst.List | cst.Set, twin: Twin, span: Span) -> None:
        for element, each in zip(node.elements, twin.elts, strict=True):
            self.element(element, each)

    def element(self, node: cst.BaseElement, twin: Twin) -> Span:
        return self.expression(node if type(node) is cst.StarredElement else node.value, twin)

    def tuple_(self, node: cst.Tuple, twin: Twin, span: Span) -> Span:
        """What stands between the parentheses; CPython counts those of a tuple as its own."""
        return self.listed(node, twin.elts) or Span(at := span.start + self.width(node.lpar[-1]), at)

    def listed(self, node: cst.Tuple, twins: Sequence[Twin]) -> Span | None:
        """From the first element of NODE to the last with a comma after it; None without any."""
        places = [self.element(element, each) for element, each in zip(node.elements, twins, strict=True)]
        if not places:
            return None
        comma = node.elements[-1].comma
        return Span(places[0].start, places[-1].end + (self.width(comma) if isinstance(comma, cst.Comma) else 0))

    def starred(self, node: cst.StarredElement, twin: Twin, span: Span) -> None:
        self.expression(node.value, twin.value)

    def dict_(self, node: Any, twin: Twin, span: Span) -> None:
        for element, key, value in zip(node.elements, twin.keys, twin.values, strict=True):
            end = self.expression(element.value, value)
            if type(element) is cst.DictElement:
                self.spans[id(element)] = Span(self.expression(element.key, key).start, end.end)
            else:
                start = end.start - self.width(element.whitespace_before_value) - 2
                self.spans[id(element)] = Span(start, end.end)

    def binary(self, node: cst.BinaryOperation, twin: Twin, span: Span) -> None:
        self.expression(node.left, twin.left)
        self.expression(node.right, twin.right)

    def boolean(self, node: cst.BooleanOperation, twin: Twin, span: Span) -> None:
        """CPython has `a or b or c` in one node, LibCST in two."""
        values, left, kind = twin.values, node.left, type(node.operator)
        inner = [node]
        while len(inner) < len(values) - 1:
            if type(left) is not cst.BooleanOperation or type(left.operator) is not kind or left.lpar:
                raise MismatchError
            inner.append(left)
            left = left.left
        self.expression(left, values[0])
        for operation, value in zip(reversed(inner), values[1:], strict=True):
            end = self.expression(operation.right, value).end
            self.spans[id(operation)] = Span(span.start, end)

    def comparison(self, node: cst.Comparison, twin: Twin, span: Span) -> None:
        end = self.expression(node.left, twin.left).end
        for target, each in zip(node.comparisons, twin.comparators, strict=True):
            start, end = end, self.expression(target.comparator, each).end
            self.spans[id(target)] = Span(start, end)

    def unary(self, node: cst.UnaryOperation, twin: Twin, span: Span) -> None:
        self.expression(node.expression, twin.operand)

    def subscript(self, node: cst.Subscript, twin: Twin, span: Span) -> None:
        self.expression(node.value, twin.value)
        slices, index = node.slice, twin.slice
        several = (
            len(slices) > 1 or isinstance(slices[0].comma, cst.Comma) or bool(getattr(slices[0].slice, "star", ""))
        )
        for element, each in zip(slices, index.elts if several else (index,), strict=True):
            self.index(element.slice, each)

    def index(self, node: cst.BaseSlice, twin: Twin) -> None:
        if type(node) is cst.Index and not node.star:
            self.spans[id(node)] = self.expression(node.value, twin)
        else:
            self.regenerate(node, self.lines[twin.lineno] + twin.col_offset)

    def choice(self, node: cst.IfExp, twin: Twin, span: Span) -> None:
        self.expression(node.test, twin.test)
        self.expression(node.body, twin.body)
        self.expression(node.orelse, twin.orelse)

    def lambda_(self, node: cst.Lambda, twin: Twin, span: Span) -> None:
        self.parameters(node.params, twin.args)
        self.expression(node.body, twin.body)

    def parameters(self, node: cst.Parameters, twin: Twin) -> None:
        """The annotations and defaults of a function's parameters."""
        plain, names = (*node.posonly_params, *node.params), (*twin.posonlyargs, *twin.args)
        defaults = (*(None,) * (len(names) - len(twin.defaults)), *twin.defaults)
        for item, argument, default in zip(plain, names, defaults, strict=True):
            self.parameter(item, argument, default)
        for item, argument, default in zip(node.kwonly_params, twin.kwonlyargs, twin.kw_defaults, strict=True):
            self.parameter(item, argument, default)
        if type(node.star_arg) is cst.Param:
            self.parameter(node.star_arg, twin.vararg, None)
        if node.star_kwarg is not None:
            self.parameter(node.star_kwarg, twin.kwarg, None)

    def parameter(self, node: cst.Param, twin: Twin, default: Twin) -> None:
        if node.annotation is not None:
            self.expression(node.annotation.annotation, twin.annotation)
        if node.default is not None:
            self.expression(node.default, default)

    def walrus(self, node: cst.NamedExpr, twin: Twin, span: Span) -> None:
        self.expression(node.target, twin.target)
        self.expression(node.value, twin.value)

    def await_(self, node: cst.Await, twin: Twin, span: Span) -> None:
        self.expression(node.expression, twin.value)

    def yield_(self, node: cst.Yield, twin: Twin, span: Span) -> None:
        if node.value is not None:
            self.expression(node.value.item if type(node.value) is cst.From else node.value, twin.value)

    def comprehension(self, node: cst.ListComp | cst.SetComp | cst.GeneratorExp, twin: Twin, span: Span) -> Span | None:
        element = self.expression(node.elt, twin.elt)
        end = self.clauses(node.for_in, twin.generators, element.end)
        # The parentheses around a generator may belong to a call.
        return Span(element.start, end) if type(node) is cst.GeneratorExp else None

    def dict_comprehension(self, node: cst.DictComp, twin: Twin, span: Span) -> None:
        self.expression(node.key, twin.key)
        self.clauses(node.for_in, twin.generators, self.expression(node.value, twin.value).end)

    def clauses(self, first: cst.CompFor, twins: Sequence[Twin], end: int) -> int:
        """The `for` clauses: each begins where what stands before it ends, and goes on to the end of the last."""
        clause: cst.CompFor | None = first
        begun: list[tuple[cst.CompFor, int]] = []
        for twin in twins:
            if clause is None:
                raise MismatchError
            begun.append((clause, end))
            self.expression(clause.target, twin.target)
            end = self.expression(clause.iter, twin.iter).end
            for condition, each in zip(clause.ifs, twin.ifs, strict=True):
                end = self.expression(condition.test, each).end
            clause = clause.inner_for_in
        for each, start in begun:
            self.spans[id(each)] = Span(start, end)
        return end

    # what the code generator knows

    def generate(self, node: cst.CSTNode, start: int) -> SpanState:
        """Run the code generator on NODE alone, which begins at START with everything that belongs to it."""
        state = SpanState(
            default_indent=self.module.default_indent,
            default_newline=self.module.default_newline,
            indent_tokens=self.indents.copy(),
            offset=start,
        )
        node._codegen(state)
        return state

    def width(self, node: cst.CSTNode) -> int:
        """How many bytes NODE takes with everything that belongs to it."""
        if type(node) is cst.SimpleWhitespace:
            return len(node.value)
        return self.generate(node, 0).offset

    def widths(self, nodes: Iterable[cst.CSTNode]) -> int:
        """How many bytes NODES take together."""
        return sum(map(self.width, nodes))

    def regenerate(self, node: cst.CSTNode, start: int) -> int:
        """Take the spans of NODE, which begins at START, and of everything in it from the code generator; gives back
        where it ends."""
        state = self.generate(node, start)
        for places in (state.whole, state.syntactic):
            self.spans.update((key, Span(*place)) for key, place in places.items())
        return state.offset


_Place = Callable[[ExpressionTwins, Any, Twin, Span], Span | None]
_CONSTANT, _STRING = (ast.Constant,), (ast.Constant, ast.JoinedStr)
_EXPRESSIONS: dict[type[cst.CSTNode], tuple[tuple[type[ast.AST], ...], _Place | None]] = {
    cst.Name: ((ast.Name, ast.Constant), None),
    cst.Integer: (_CONSTANT, None),
    cst.Float: (_CONSTANT, None),
    cst.Imaginary: (_CONSTANT, None),
    cst.Ellipsis: (_CONSTANT, None),
    cst.SimpleString: (_CONSTANT, None),
    cst.ConcatenatedString: (_STRING, ExpressionTwins.concatenated),
    cst.FormattedString: (_STRING, ExpressionTwins.formatted),
    cst.Attribute: ((ast.Attribute,), ExpressionTwins.attribute),
    cst.Call: ((ast.Call,), ExpressionTwins.call),
    cst.List: ((ast.List,), ExpressionTwins.items),
    cst.Set: ((ast.Set,), ExpressionTwins.items),
    cst.Tuple: ((ast.Tuple,), ExpressionTwins.tuple_),
    cst.StarredElement: ((ast.Starred,), ExpressionTwins.starred),
    cst.Dict: ((ast.Dict,), ExpressionTwins.dict_),
    cst.BinaryOperation: ((ast.BinOp,), ExpressionTwins.binary),
    cst.BooleanOperation: ((ast.BoolOp,), ExpressionTwins.boolean),
    cst.Comparison: ((ast.Compare,), ExpressionTwins.comparison),
    cst.UnaryOperation: ((ast.UnaryOp,), ExpressionTwins.unary),
    cst.Subscript: ((ast.Subscript,), ExpressionTwins.subscript),
    cst.IfExp: ((ast.IfExp,), ExpressionTwins.choice),
    cst.Lambda: ((ast.Lambda,), ExpressionTwins.lambda_),
    cst.NamedExpr: ((ast.NamedExpr,), ExpressionTwins.walrus),
    cst.Await: ((ast.Await,), ExpressionTwins.await_),
    cst.Yield: ((ast.Yield, ast.YieldFrom), ExpressionTwins.yield_),
    cst.ListComp: ((ast.ListComp,), ExpressionTwins.comprehension),
    cst.SetComp: ((ast.SetComp,), ExpressionTwins.comprehension),
    cst.GeneratorExp: ((ast.GeneratorExp,), ExpressionTwins.comprehension),
    cst.DictComp: ((ast.DictComp,), ExpressionTwins.dict_comprehension),
}
