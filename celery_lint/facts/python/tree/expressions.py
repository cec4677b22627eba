"""Expressions of CPython's tree as LibCST nodes."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import Any

import libcst as cst

from celery_lint.facts.python.tree.displays import Displays
from celery_lint.facts.python.tree.leaves import Node, Twin
from celery_lint.facts.python.tree.nodes import UnknownSyntaxError, maker
from celery_lint.finding import Span

_attribute = maker(cst.Attribute, "value", "attr")
_call = maker(cst.Call, "func", "args")
_argument = maker(cst.Arg, "value", "keyword", "star")
_binary = maker(cst.BinaryOperation, "left", "operator", "right")
_boolean = maker(cst.BooleanOperation, "left", "operator", "right")
_comparison = maker(cst.Comparison, "left", "comparisons")
_compared = maker(cst.ComparisonTarget, "operator", "comparator")
_unary = maker(cst.UnaryOperation, "operator", "expression")
_subscript = maker(cst.Subscript, "value", "slice")
_subscript_element, _index = maker(cst.SubscriptElement, "slice"), maker(cst.Index, "value")
_slice = maker(cst.Slice, "lower", "upper", "step")
_choice = maker(cst.IfExp, "test", "body", "orelse")
_lambda = maker(cst.Lambda, "params", "body")
_parameters = maker(cst.Parameters, "posonly_params", "params", "star_arg", "kwonly_params", "star_kwarg")
_parameter = maker(cst.Param, "name", "annotation", "default")
_annotation = maker(cst.Annotation, "annotation")
_walrus = maker(cst.NamedExpr, "target", "value")
_await = maker(cst.Await, "expression")
_yield, _from = maker(cst.Yield, "value"), maker(cst.From, "item")
# Operators hold nothing but blanks: one of each is enough.
OPERATORS: dict[type[ast.AST], cst.CSTNode] = {
    ast.Add: cst.Add(), ast.Sub: cst.Subtract(), ast.Mult: cst.Multiply(), ast.MatMult: cst.MatrixMultiply(),
    ast.Div: cst.Divide(), ast.Mod: cst.Modulo(), ast.Pow: cst.Power(), ast.LShift: cst.LeftShift(),
    ast.RShift: cst.RightShift(), ast.BitOr: cst.BitOr(), ast.BitXor: cst.BitXor(), ast.BitAnd: cst.BitAnd(),
    ast.FloorDiv: cst.FloorDivide(), ast.And: cst.And(), ast.Or: cst.Or(), ast.Eq: cst.Equal(),
    ast.NotEq: cst.NotEqual(), ast.Lt: cst.LessThan(), ast.LtE: cst.LessThanEqual(), ast.Gt: cst.GreaterThan(),
    ast.GtE: cst.GreaterThanEqual(), ast.Is: cst.Is(), ast.IsNot: cst.IsNot(), ast.In: cst.In(), ast.NotIn: cst.NotIn(),
    ast.Invert: cst.BitInvert(), ast.Not: cst.Not(), ast.UAdd: cst.Plus(), ast.USub: cst.Minus(),
}  # fmt: skip


class Expressions(Displays):
    """Makes LibCST expressions of CPython's, and notes their spans."""

    def of(self, twin: Twin) -> Node:
        """The LibCST node of TWIN; its span is noted."""
        lines = self.places.lines
        start = lines[twin.lineno] + twin.col_offset
        end = lines[twin.end_lineno] + twin.end_col_offset
        make = _EXPRESSIONS.get(type(twin))
        if make is None:
            raise UnknownSyntaxError(type(twin).__name__)
        node = make(self, twin, start, end)
        if type(node) not in _NARROWER:
            self.spans[id(node)] = Span(start, end)
        return node

    def attribute(self, twin: Twin, start: int, end: int) -> Node:
        # Of a dotted name only the whole is a fact.
        names, value = [twin.attr], twin.value
        while type(value) is ast.Attribute:
            names.append(value.attr)
            value = value.value
        if type(value) is not ast.Name:
            return _attribute(self.of(twin.value), self.identifier(twin.attr))
        return self.path(value.id, reversed(names))

    def call(self, twin: Twin, start: int, end: int) -> Node:
        func = self.of(twin.func)
        if not twin.args and not twin.keywords:
            return _call(func, ())
        return _call(func, self.arguments(twin.args, twin.keywords, self.places.end(twin.func), 1, end))

    def arguments(
        self, plain: Sequence[Twin], keywords: Sequence[Twin], boundary: int, others: int, end: int
    ) -> list[cst.Arg]:
        """The arguments of a call that ends at END, in the order they are written; BOUNDARY and OTHERS are those of
        `Places.around` for the first."""
        places = self.places
        ordered = sorted((*plain, *keywords), key=places.start) if plain and keywords else plain or keywords
        made: list[cst.Arg] = []
        for twin in ordered:
            if type(twin) is ast.keyword:
                keyword = self.identifier(twin.arg) if twin.arg is not None else None
                node = _argument(self.of(twin.value), keyword, "**" if keyword is None else "")
                span = Span(places.start(twin), places.end(twin))
            elif type(twin) is ast.Starred:
                node = _argument(self.of(twin.value), None, "*")
                span = Span(places.start(twin), places.end(twin))
            else:
                value = self.of(twin)
                node = _argument(value, None, "")
                # The parentheses of a generator may be those of the call.
                own = type(twin) is ast.GeneratorExp and places.end(twin) == end
                span = self.spans[id(value)] if own else places.around(twin, boundary, others)
            self.spans[id(node)] = span
            made.append(node)
            boundary, others = places.end(twin), 0
        return made

    def binary(self, twin: Twin, start: int, end: int) -> Node:
        return _binary(self.of(twin.left), OPERATORS[type(twin.op)], self.of(twin.right))

    def boolean(self, twin: Twin, start: int, end: int) -> Node:
        """CPython has `a or b or c` in one node, LibCST in two."""
        first, *rest = twin.values
        operator, boundary = OPERATORS[type(twin.op)], self.places.end(first)
        made = self.of(first)
        for value in rest:
            made = _boolean(made, operator, self.of(value))
            self.spans[id(made)] = Span(start, self.places.around(value, boundary).end)
            boundary = self.places.end(value)
        return made

    def comparison(self, twin: Twin, start: int, end: int) -> Node:
        left = self.of(twin.left)
        begin, boundary = self.places.around(twin.left, start).end, self.places.end(twin.left)
        made: list[cst.ComparisonTarget] = []
        for operator, each in zip(twin.ops, twin.comparators, strict=True):
            node = _compared(OPERATORS[type(operator)], self.of(each))
            stop = self.places.around(each, boundary).end
            self.spans[id(node)] = Span(begin, stop)
            made.append(node)
            begin, boundary = stop, self.places.end(each)
        return _comparison(left, made)

    def unary(self, twin: Twin, start: int, end: int) -> Node:
        return _unary(OPERATORS[type(twin.op)], self.of(twin.operand))

    def subscript(self, twin: Twin, start: int, end: int) -> Node:
        index = twin.slice
        several = type(index) is ast.Tuple and not (
            index.elts == [] or self.is_in_parentheses(index, self.places.start(index))
        )
        items = index.elts if several else [index]
        if any(type(item) is ast.Starred for item in items):
            return self.parsed(twin, start, end)
        made: list[cst.SubscriptElement] = []
        boundary, others = self.places.end(twin.value), 0
        for item in items:
            if type(item) is ast.Slice:
                node = self.slice(item)
            else:
                node = _index(self.of(item))
                self.spans[id(node)] = self.places.around(item, boundary, others)
            made.append(_subscript_element(node))
            boundary = self.places.end(item)
        return _subscript(self.of(twin.value), made)

    def slice(self, twin: Twin) -> Node:
        """`lower:upper:step`. To LibCST the blanks after the last colon belong to it."""
        node = _slice(self.maybe(twin.lower), self.maybe(twin.upper), self.maybe(twin.step))
        end = self.places.end(twin)
        if self.data.endswith(b":", 0, end):
            end = self.places.after_gap(end)
        self.spans[id(node)] = Span(self.places.start(twin), end)
        return node

    def choice(self, twin: Twin, start: int, end: int) -> Node:
        return _choice(self.of(twin.test), self.of(twin.body), self.of(twin.orelse))

    def lambda_(self, twin: Twin, start: int, end: int) -> Node:
        return _lambda(self.parameters(twin.args), self.of(twin.body))

    def parameters(self, twin: Twin) -> cst.Parameters:
        """The parameters of a function, with their annotations and defaults."""
        names = (*twin.posonlyargs, *twin.args)
        defaults = (*(None,) * (len(names) - len(twin.defaults)), *twin.defaults)
        plain = [self.parameter(name, default) for name, default in zip(names, defaults, strict=True)]
        positional = len(twin.posonlyargs)
        return _parameters(
            plain[:positional],
            plain[positional:],
            self.parameter(twin.vararg, None) if twin.vararg is not None else None,
            [self.parameter(*pair) for pair in zip(twin.kwonlyargs, twin.kw_defaults, strict=True)],
            self.parameter(twin.kwarg, None) if twin.kwarg is not None else None,
        )

    def parameter(self, twin: Twin, default: Twin) -> cst.Param:
        return _parameter(self.identifier(twin.arg), self.annotation(twin.annotation), self.maybe(default))

    def annotation(self, twin: Twin) -> cst.Annotation | None:
        """The annotation TWIN, which may be missing."""
        if type(twin) is ast.Starred:
            raise UnknownSyntaxError("*annotation")
        return _annotation(self.of(twin)) if twin is not None else None

    def walrus(self, twin: Twin, start: int, end: int) -> Node:
        return _walrus(self.of(twin.target), self.of(twin.value))

    def await_(self, twin: Twin, start: int, end: int) -> Node:
        return _await(self.of(twin.value))

    def yield_(self, twin: Twin, start: int, end: int) -> Node:
        return _yield(self.maybe(twin.value))

    def yield_from(self, twin: Twin, start: int, end: int) -> Node:
        return _yield(_from(self.of(twin.value)))


_Make = Callable[[Expressions, Any, int, int], cst.CSTNode]
# The methods of these note a narrower span than CPython's.
_NARROWER = (cst.Tuple, cst.GeneratorExp)
_EXPRESSIONS: dict[type[ast.AST], _Make] = {
    ast.Name: Expressions.name,
    ast.Constant: Expressions.constant,
    ast.JoinedStr: Expressions.formatted,
    ast.Attribute: Expressions.attribute,
    ast.Call: Expressions.call,
    ast.List: Expressions.list_,
    ast.Set: Expressions.set_,
    ast.Tuple: Expressions.tuple_,
    ast.Starred: Expressions.starred,
    ast.Dict: Expressions.dict_,
    ast.BinOp: Expressions.binary,
    ast.BoolOp: Expressions.boolean,
    ast.Compare: Expressions.comparison,
    ast.UnaryOp: Expressions.unary,
    ast.Subscript: Expressions.subscript,
    ast.IfExp: Expressions.choice,
    ast.Lambda: Expressions.lambda_,
    ast.NamedExpr: Expressions.walrus,
    ast.Await: Expressions.await_,
    ast.Yield: Expressions.yield_,
    ast.YieldFrom: Expressions.yield_from,
    ast.ListComp: Expressions.list_comprehension,
    ast.SetComp: Expressions.set_comprehension,
    ast.GeneratorExp: Expressions.generator,
    ast.DictComp: Expressions.dict_comprehension,
}
