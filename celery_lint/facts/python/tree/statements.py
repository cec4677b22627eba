"""Statements of CPython's tree as LibCST nodes."""

from __future__ import annotations

import ast
import re
import tokenize
from collections.abc import Callable, Sequence
from io import BytesIO
from typing import Any

import libcst as cst
from msgspec import Struct

from celery_lint.facts.python.tree.leaves import Twin
from celery_lint.facts.python.tree.nodes import UnknownSyntaxError, maker
from celery_lint.facts.python.tree.patterns import Patterns
from celery_lint.finding import Span

_module, _block = maker(cst.Module, "body"), maker(cst.IndentedBlock, "body")
_function = maker(cst.FunctionDef, "name", "params", "body", "decorators", "returns", "asynchronous")
_class = maker(cst.ClassDef, "name", "body", "bases", "keywords", "decorators")
_decorator = maker(cst.Decorator, "decorator")
_import, _from = maker(cst.Import, "names"), maker(cst.ImportFrom, "module", "names", "relative")
_alias, _as = maker(cst.ImportAlias, "name", "asname"), maker(cst.AsName, "name")
_assign, _target = maker(cst.Assign, "targets", "value"), maker(cst.AssignTarget, "target")
_annotated = maker(cst.AnnAssign, "target", "annotation", "value")
_augmented = maker(cst.AugAssign, "target", "operator", "value")
_return, _expression = maker(cst.Return, "value"), maker(cst.Expr, "value")
_raise, _cause = maker(cst.Raise, "exc", "cause"), maker(cst.From, "item")
_assert, _delete = maker(cst.Assert, "test", "msg"), maker(cst.Del, "target")
_tuple, _element = maker(cst.Tuple, "elements"), maker(cst.Element, "value")
_global, _nonlocal, _name_item = maker(cst.Global, "names"), maker(cst.Nonlocal, "names"), maker(cst.NameItem, "name")
_pass, _break, _continue = maker(cst.Pass), maker(cst.Break), maker(cst.Continue)
_if, _else = maker(cst.If, "test", "body", "orelse"), maker(cst.Else, "body")
_while = maker(cst.While, "test", "body", "orelse")
_for = maker(cst.For, "target", "iter", "body", "orelse", "asynchronous")
_with, _item = maker(cst.With, "items", "body", "asynchronous"), maker(cst.WithItem, "item", "asname")
_try = maker(cst.Try, "body", "handlers", "orelse", "finalbody")
_try_star = maker(cst.TryStar, "body", "handlers", "orelse", "finalbody")
_handler, _handler_star = (maker(kind, "type", "name", "body") for kind in (cst.ExceptHandler, cst.ExceptStarHandler))
_finally = maker(cst.Finally, "body")
_match, _case = maker(cst.Match, "subject", "cases"), maker(cst.MatchCase, "pattern", "body", "guard")
_ASYNCHRONOUS, _DOT, _STAR = cst.Asynchronous(), cst.Dot(), cst.ImportStar()
_AUGMENTED: dict[type[ast.AST], cst.BaseAugOp] = {
    ast.Add: cst.AddAssign(), ast.Sub: cst.SubtractAssign(), ast.Mult: cst.MultiplyAssign(),
    ast.MatMult: cst.MatrixMultiplyAssign(), ast.Div: cst.DivideAssign(), ast.Mod: cst.ModuloAssign(),
    ast.Pow: cst.PowerAssign(), ast.LShift: cst.LeftShiftAssign(), ast.RShift: cst.RightShiftAssign(),
    ast.BitOr: cst.BitOrAssign(), ast.BitXor: cst.BitXorAssign(), ast.BitAnd: cst.BitAndAssign(),
    ast.FloorDiv: cst.FloorDivideAssign(),
}  # fmt: skip
_KEYWORD = re.compile(rb"(?:async(?:[ \t\f]|\\\r?\n|\\\r)+)?(?:def|class)(?:[ \t\f]|\\\r?\n|\\\r)+")


class MadeTree(Struct, frozen=True):
    """LibCST's tree of a file without blanks, comments and punctuation, and with what stands on one line directly in
    its block. By the `id` of a node: the SPANS of all that facts are made of, and the values of CONSTANTS."""

    module: cst.Module
    spans: dict[int, Span]
    constants: dict[int, object]


def made_tree(tree: ast.Module, data: bytes) -> MadeTree | None:
    """The file DATA, made from TREE, CPython's reading of it. None where LibCST has to parse the file itself. Raises
    `RecursionError` where it is nested too deeply."""
    if not data.isascii() and _encoding(data) not in ("utf-8", "utf-8-sig"):
        return None
    statements = Statements(data)
    try:
        module = _module(statements.body(tree.body)[0])
    except UnknownSyntaxError:
        return None
    statements.spans[id(module)] = Span(statements.places.lines[1], len(data))
    return MadeTree(module, statements.spans, statements.constants)


def _encoding(data: bytes) -> str:
    try:
        return tokenize.detect_encoding(BytesIO(data).readline)[0]
    except SyntaxError:
        return "unknown"


class Statements(Patterns):
    """Makes LibCST statements of CPython's, and notes their spans."""

    def body(self, twins: Sequence[Twin]) -> tuple[list[cst.CSTNode], Span]:
        """The statements TWINS, and the span from the first, without its decorators, to the last."""
        lines = self.places.lines
        made: list[cst.CSTNode] = []
        end = 0
        for twin in twins:
            start = lines[twin.lineno] + twin.col_offset
            end = lines[twin.end_lineno] + twin.end_col_offset
            make = _STATEMENTS.get(type(twin))
            if make is None:
                raise UnknownSyntaxError(type(twin).__name__)
            node, end = make(self, twin, start, end)
            made.append(node)
        first = twins[0] if twins else None
        return made, Span(lines[first.lineno] + first.col_offset, end) if first is not None else Span(0, 0)

    def block(self, twins: Sequence[Twin]) -> tuple[cst.IndentedBlock, int]:
        """The body TWINS of a compound statement, and where it ends."""
        statements, span = self.body(twins)
        node = _block(statements)
        self.spans[id(node)] = span
        return node, span.end

    def noted(self, node: cst.CSTNode, start: int, end: int) -> tuple[cst.CSTNode, int]:
        """NODE from START to END."""
        self.spans[id(node)] = Span(start, end)
        return node, end

    # one method a kind: it gets the `ast` node, and where CPython says that it begins and ends, and gives back where it
    # ends: of a compound statement on one line CPython counts a semicolon after it

    def function(self, twin: Twin, start: int, end: int) -> tuple[cst.CSTNode, int]:
        is_async = type(twin) is ast.AsyncFunctionDef
        name, first = self.named(twin, start)
        params = self.parameters(twin.args)
        returns = self.annotation(twin.returns)
        decorators = self.decorators(twin.decorator_list)
        body, end = self.block(twin.body)
        node = _function(name, params, body, decorators, returns, _ASYNCHRONOUS if is_async else None)
        return self.noted(node, first, end)

    def class_(self, twin: Twin, start: int, end: int) -> tuple[cst.CSTNode, int]:
        name, first = self.named(twin, start)
        after_name = self.spans[id(name)].end
        arguments = self.arguments(twin.bases, twin.keywords, after_name, 1, -1)
        bases = [item for item in arguments if item.keyword is None and item.star != "**"]
        keywords = [item for item in arguments if item.keyword is not None or item.star == "**"]
        decorators = self.decorators(twin.decorator_list)
        body, end = self.block(twin.body)
        return self.noted(_class(name, body, bases, keywords, decorators), first, end)

    def named(self, twin: Twin, start: int) -> tuple[cst.Name, int]:
        """The name of the function or class TWIN, and where its decorators begin; START when it has none."""
        if getattr(twin, "type_params", None):
            raise UnknownSyntaxError("type parameters")
        keyword = _KEYWORD.match(self.data, start)
        if keyword is None:
            raise UnknownSyntaxError(twin.name)
        name = self.identifier(twin.name)
        at = keyword.end()
        self.spans[id(name)] = Span(at, at + len(twin.name))
        if twin.decorator_list:
            start = self.at_sign(self.places.start(twin.decorator_list[0]))
        return name, start

    def at_sign(self, start: int) -> int:
        """Where the `@` of a decorator stands whose expression begins at START."""
        at = self.data.rfind(b"@", 0, start)
        if self.data[at + 1 : start].strip(b"( \t\f\r\n\\"):
            raise UnknownSyntaxError("decorator")
        return at

    def decorators(self, twins: Sequence[Twin]) -> list[cst.Decorator]:
        return [_decorator(self.of(twin)) for twin in twins]

    def import_(self, twin: Twin, start: int, end: int) -> tuple[cst.CSTNode, int]:
        return self.noted(_import([self.alias(each) for each in twin.names]), start, end)

    def import_from(self, twin: Twin, start: int, end: int) -> tuple[cst.CSTNode, int]:
        module = self.dotted(twin.module) if twin.module else None
        is_star = twin.names[0].name == "*"
        names = _STAR if is_star else [self.alias(each) for each in twin.names]
        return self.noted(_from(module, names, [_DOT] * twin.level), start, end)

    def alias(self, twin: Twin) -> cst.ImportAlias:
        asname = _as(self.identifier(twin.asname)) if twin.asname is not None else None
        node = _alias(self.dotted(twin.name), asname)
        self.spans[id(node)] = Span(self.places.start(twin), self.places.end(twin))
        return node

    def assign(self, twin: Twin, start: int, end: int) -> tuple[cst.CSTNode, int]:
        targets = [_target(self.of(each)) for each in twin.targets]
        return self.noted(_assign(targets, self.of(twin.value)), start, end)

    def annotated(self, twin: Twin, start: int, end: int) -> tuple[cst.CSTNode, int]:
        target, annotation = self.of(twin.target), self.annotation(twin.annotation)
        return self.noted(_annotated(target, annotation, self.maybe(twin.value)), start, end)

    def augmented(self, twin: Twin, start: int, end: int) -> tuple[cst.CSTNode, int]:
        return self.noted(_augmented(self.of(twin.target), _AUGMENTED[type(twin.op)], self.of(twin.value)), start, end)

    def return_(self, twin: Twin, start: int, end: int) -> tuple[cst.CSTNode, int]:
        return self.noted(_return(self.maybe(twin.value)), start, end)

    def expression(self, twin: Twin, start: int, end: int) -> tuple[cst.CSTNode, int]:
        return self.noted(_expression(self.of(twin.value)), start, end)

    def raise_(self, twin: Twin, start: int, end: int) -> tuple[cst.CSTNode, int]:
        cause = _cause(self.of(twin.cause)) if twin.cause is not None else None
        return self.noted(_raise(self.maybe(twin.exc), cause), start, end)

    def assert_(self, twin: Twin, start: int, end: int) -> tuple[cst.CSTNode, int]:
        return self.noted(_assert(self.of(twin.test), self.maybe(twin.msg)), start, end)

    def delete(self, twin: Twin, start: int, end: int) -> tuple[cst.CSTNode, int]:
        first = twin.targets[0]
        boundary = start + len(b"del")
        has_comma = self.places.after_comma(self.places.around(first, boundary).end) is not None
        if len(twin.targets) == 1 and not has_comma:
            return self.noted(_delete(self.of(first)), start, end)
        target = _tuple([_element(self.of(each)) for each in twin.targets])
        self.spans[id(target)] = self.listed(twin.targets, boundary)
        return self.noted(_delete(target), start, end)

    def global_(self, twin: Twin, start: int, end: int) -> tuple[cst.CSTNode, int]:
        make = _global if type(twin) is ast.Global else _nonlocal
        return self.noted(make([_name_item(self.identifier(name)) for name in twin.names]), start, end)

    def pass_(self, twin: Twin, start: int, end: int) -> tuple[cst.CSTNode, int]:
        return self.noted(_pass(), start, end)

    def break_(self, twin: Twin, start: int, end: int) -> tuple[cst.CSTNode, int]:
        return self.noted(_break(), start, end)

    def continue_(self, twin: Twin, start: int, end: int) -> tuple[cst.CSTNode, int]:
        return self.noted(_continue(), start, end)

    def if_(self, twin: Twin, start: int, end: int) -> tuple[cst.CSTNode, int]:
        test = self.of(twin.test)
        body, end = self.block(twin.body)
        orelse: cst.CSTNode | None = None
        if len(twin.orelse) == 1 and self.data.startswith(b"elif", self.places.start(twin.orelse[0])):
            (orelse,), span = self.body(twin.orelse)
            end = span.end
        elif twin.orelse:
            orelse, end = self.else_(twin.orelse, end)
        return self.noted(_if(test, body, orelse), start, end)

    def else_(self, twins: Sequence[Twin], end: int) -> tuple[cst.Else | None, int]:
        """The `else` with the statements TWINS, and where it ends; none and END without them."""
        if not twins:
            return None, end
        body, end = self.block(twins)
        return _else(body), end

    def while_(self, twin: Twin, start: int, end: int) -> tuple[cst.CSTNode, int]:
        test = self.of(twin.test)
        body, end = self.block(twin.body)
        orelse, end = self.else_(twin.orelse, end)
        return self.noted(_while(test, body, orelse), start, end)

    def for_(self, twin: Twin, start: int, end: int) -> tuple[cst.CSTNode, int]:
        target, iterated = self.of(twin.target), self.of(twin.iter)
        body, end = self.block(twin.body)
        orelse, end = self.else_(twin.orelse, end)
        asynchronous = _ASYNCHRONOUS if type(twin) is ast.AsyncFor else None
        return self.noted(_for(target, iterated, body, orelse, asynchronous), start, end)

    def with_(self, twin: Twin, start: int, end: int) -> tuple[cst.CSTNode, int]:
        items = [
            _item(self.of(each.context_expr), _as(self.of(each.optional_vars)) if each.optional_vars else None)
            for each in twin.items
        ]
        body, end = self.block(twin.body)
        asynchronous = _ASYNCHRONOUS if type(twin) is ast.AsyncWith else None
        return self.noted(_with(items, body, asynchronous), start, end)

    def try_(self, twin: Twin, start: int, end: int) -> tuple[cst.CSTNode, int]:
        is_star = type(twin) is not ast.Try
        body, end = self.block(twin.body)
        handlers: list[cst.CSTNode] = []
        for each in twin.handlers:
            name = _as(self.identifier(each.name)) if each.name is not None else None
            inner, end = self.block(each.body)
            handlers.append((_handler_star if is_star else _handler)(self.maybe(each.type), name, inner))
        orelse, end = self.else_(twin.orelse, end)
        finalbody: cst.Finally | None = None
        if twin.finalbody:
            inner, end = self.block(twin.finalbody)
            finalbody = _finally(inner)
        return self.noted((_try_star if is_star else _try)(body, handlers, orelse, finalbody), start, end)

    def match(self, twin: Twin, start: int, end: int) -> tuple[cst.CSTNode, int]:
        subject = self.of(twin.subject)
        cases: list[cst.MatchCase] = []
        for each in twin.cases:
            body, end = self.block(each.body)
            cases.append(_case(self.pattern(each.pattern), body, self.maybe(each.guard)))
        return self.noted(_match(subject, cases), start, end)


_Make = Callable[[Statements, Any, int, int], tuple[cst.CSTNode, int]]
_STATEMENTS: dict[type[ast.AST], _Make] = {
    ast.FunctionDef: Statements.function,
    ast.AsyncFunctionDef: Statements.function,
    ast.ClassDef: Statements.class_,
    ast.Import: Statements.import_,
    ast.ImportFrom: Statements.import_from,
    ast.Assign: Statements.assign,
    ast.AnnAssign: Statements.annotated,
    ast.AugAssign: Statements.augmented,
    ast.Return: Statements.return_,
    ast.Expr: Statements.expression,
    ast.Raise: Statements.raise_,
    ast.Assert: Statements.assert_,
    ast.Delete: Statements.delete,
    ast.Global: Statements.global_,
    ast.Nonlocal: Statements.global_,
    ast.Pass: Statements.pass_,
    ast.Break: Statements.break_,
    ast.Continue: Statements.continue_,
    ast.If: Statements.if_,
    ast.While: Statements.while_,
    ast.For: Statements.for_,
    ast.AsyncFor: Statements.for_,
    ast.With: Statements.with_,
    ast.AsyncWith: Statements.with_,
    ast.Try: Statements.try_,
    ast.TryStar: Statements.try_,
    ast.Match: Statements.match,
}
