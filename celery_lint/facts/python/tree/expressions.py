"""Expressions of CPython's tree as LibCST nodes."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Sequence
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

_name = maker(cst.Name, "value")
_attribute = maker(cst.Attribute, "value", "attr")
_call = maker(cst.Call, "func", "args")
_argument = maker(cst.Arg, "value", "keyword", "star")
_integer, _float, _imaginary = (maker(kind, "value") for kind in (cst.Integer, cst.Float, cst.Imaginary))
_ellipsis = maker(cst.Ellipsis)
_string = maker(cst.SimpleString, "value")
_format, _format_text = maker(cst.FormattedString, "parts", "start"), maker(cst.FormattedStringText, "value")
_format_expression = maker(cst.FormattedStringExpression, "expression")
_list, _set, _tuple, _dict = (maker(kind, "elements") for kind in (cst.List, cst.Set, cst.Tuple, cst.Dict))
_element, _starred = maker(cst.Element, "value"), maker(cst.StarredElement, "value")
_pair, _unpacked = maker(cst.DictElement, "key", "value"), maker(cst.StarredDictElement, "value")
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
_list_comprehension = maker(cst.ListComp, "elt", "for_in")
_set_comprehension = maker(cst.SetComp, "elt", "for_in")
_generator = maker(cst.GeneratorExp, "elt", "for_in")
_dict_comprehension = maker(cst.DictComp, "key", "value", "for_in")
_clause = maker(cst.CompFor, "target", "iter", "ifs", "inner_for_in")
_condition = maker(cst.CompIf, "test")

_CONSTANTS: dict[type[object], Callable[[str], cst.CSTNode]] = {
    str: _string, bytes: _string, bool: _name, type(None): _name, int: _integer, float: _float, complex: _imaginary,
    type(...): lambda _: _ellipsis(),
}  # fmt: skip
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
_ONE_STRING = re.compile(
    rb"""[rRbBuU]{0,2}(?:'''(?:[^'\\]|\\.|'(?!''))*'''|'(?!'')(?:[^'\\]|\\.)*'|"""
    rb'''"""(?:[^"\\]|\\.|"(?!""))*"""|"(?!"")(?:[^"\\]|\\.)*")''',
    re.DOTALL,
)
_PART = re.compile(rb"\{(?P<name>[^}]+)\}|[^{]+")
_PLAIN_FORMAT = re.compile(
    rb"""[fF](?:"(?:[^"\\{}\r\n]|\{[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*\})*"|"""
    rb"""'(?:[^'\\{}\r\n]|\{[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*\})*')"""
)
_NEWLINE = re.compile("\r\n?|\n")


class Expressions:
    """Makes LibCST expressions of CPython's, and notes their spans."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.places = Places(data)
        self.spans: dict[int, Span] = {}
        self.constants: dict[int, object] = {}

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

    def attribute(self, twin: Twin, start: int, end: int) -> Node:
        # Of a dotted name only the whole is a fact.
        names, value = [twin.attr], twin.value
        while type(value) is ast.Attribute:
            names.append(value.attr)
            value = value.value
        if type(value) is not ast.Name:
            return _attribute(self.of(twin.value), self.identifier(twin.attr))
        return self.path(value.id, reversed(names))

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

    def list_(self, twin: Twin, start: int, end: int) -> Node:
        return _list(self.elements(twin.elts))

    def set_(self, twin: Twin, start: int, end: int) -> Node:
        return _set(self.elements(twin.elts))

    def elements(self, twins: Sequence[Twin]) -> list[cst.BaseElement]:
        return [self.element(twin) for twin in twins]

    def element(self, twin: Twin) -> cst.BaseElement:
        return self.of(twin) if type(twin) is ast.Starred else _element(self.of(twin))

    def starred(self, twin: Twin, start: int, end: int) -> Node:
        return _starred(self.of(twin.value))

    def tuple_(self, twin: Twin, start: int, end: int) -> Node:
        """Its span is what stands between the parentheses; CPython counts those of a tuple as its own."""
        node = _tuple(self.elements(twin.elts))
        if not twin.elts:
            at = self.places.after_gap(start + 1)
            self.spans[id(node)] = Span(at, at)
            return node
        first = start + 1 if self.is_in_parentheses(twin, start) else start
        self.spans[id(node)] = self.listed(twin.elts, first)
        return node

    def is_in_parentheses(self, twin: Twin, start: int) -> bool:
        """Whether the tuple TWIN, which begins at START, has parentheses of its own."""
        first = twin.elts[0]
        opened = self.places.opened(start, self.places.start(first))
        return len(opened) > len(self.places.closed(self.places.end(first), len(opened)))

    def listed(self, twins: Sequence[Twin], boundary: int) -> Span:
        """From the first of TWINS to the last, and to the comma after it; before the first nothing but parentheses
        stands behind BOUNDARY."""
        first, last = twins[0], twins[-1]
        span = self.places.around(first, boundary)
        end = span.end
        if first is not last:
            end = self.places.around(last, self.places.end(twins[-2])).end
        return Span(span.start, self.places.after_comma(end) or end)

    def dict_(self, twin: Twin, start: int, end: int) -> Node:
        places, boundary = self.places, start + 1
        made: list[cst.BaseDictElement] = []
        for key, value in zip(twin.keys, twin.values, strict=True):
            node: cst.BaseDictElement
            if key is None:
                node = _unpacked(self.of(value))
                begin = self.after_comma_of(boundary)
                stop = places.around(value, begin + 2).end
            else:
                node = _pair(self.of(key), self.of(value))
                begin = places.around(key, boundary).start
                stop = places.around(value, places.end(key)).end
            self.spans[id(node)] = Span(begin, stop)
            made.append(node)
            boundary = places.end(value)
        return _dict(made)

    def after_comma_of(self, end: int) -> int:
        """Behind the parentheses and the comma, if any, that follow END."""
        closed = self.places.closed(end, len(self.data))
        end = closed[-1] if closed else end
        return self.places.after_gap(self.places.after_comma(end) or end)

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

    def list_comprehension(self, twin: Twin, start: int, end: int) -> Node:
        return _list_comprehension(self.of(twin.elt), self.clauses(twin, twin.elt, start + 1))

    def set_comprehension(self, twin: Twin, start: int, end: int) -> Node:
        return _set_comprehension(self.of(twin.elt), self.clauses(twin, twin.elt, start + 1))

    def generator(self, twin: Twin, start: int, end: int) -> Node:
        """Its span is what stands between the parentheses."""
        clauses = self.clauses(twin, twin.elt, start + 1)
        node = _generator(self.of(twin.elt), clauses)
        self.spans[id(node)] = Span(self.places.around(twin.elt, start + 1).start, self.spans[id(clauses)].end)
        return node

    def dict_comprehension(self, twin: Twin, start: int, end: int) -> Node:
        clauses = self.clauses(twin, twin.value, self.places.end(twin.key))
        return _dict_comprehension(self.of(twin.key), self.of(twin.value), clauses)

    def clauses(self, twin: Twin, element: Twin, boundary: int) -> cst.CompFor:
        """The `for` clauses behind ELEMENT, which BOUNDARY stands before: each begins where what is before it ends, and
        goes on to the end of the last."""
        places = self.places
        end, inner = places.around(element, boundary).end, places.end(element)
        starts: list[int] = []
        for clause in twin.generators:
            starts.append(end)
            ends = [places.end(clause.target), *map(places.end, (clause.iter, *clause.ifs))]
            for part, before in zip((clause.iter, *clause.ifs), ends, strict=False):
                end = places.around(part, before).end
            inner = end
        made: cst.CompFor | None = None
        for clause, start in zip(reversed(twin.generators), reversed(starts), strict=True):
            made = _clause(
                self.of(clause.target), self.of(clause.iter), [_condition(self.of(each)) for each in clause.ifs], made
            )
            self.spans[id(made)] = Span(start, inner)
        assert made is not None
        return made


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
