"""Byte spans of LibCST nodes from their twins in CPython's own tree of the same bytes.

`ast.parse` takes a twelfth of LibCST's parse and knows the line and the byte column of every expression and statement.
Both trees follow one grammar, so a walk over both at once finds the twin of each node. Where LibCST counts differently
(parentheses, a body, a name behind a keyword) the difference is the width of tokens and whitespace that LibCST kept.
Positions inside f-strings, which CPython gets wrong before 3.12, are left to LibCST's code generator, and so is a whole
file where the trees do not fit.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import Any

import libcst as cst

from celery_lint.facts.python.expression_twins import ExpressionTwins, MismatchError, Twin
from celery_lint.finding import Span


def twin_spans(module: cst.Module, tree: ast.Module, data: bytes) -> dict[int, Span] | None:
    """The spans of all nodes of MODULE that facts are made of, by their `id`; None where they cannot be told from
    TREE, CPython's reading of the same DATA."""
    if not data.isascii() and module.encoding not in ("utf-8", "utf-8-sig"):
        return None
    twins = _Twins(module, data)
    try:
        twins.spans[id(module)] = Span(twins.lines[1], len(data))
        twins.body(module.body, tree.body)
    except (MismatchError, AttributeError, KeyError, IndexError, TypeError, ValueError, RecursionError):
        return None
    return twins.spans


class _Twins(ExpressionTwins):
    """Walks both trees and notes the span of each LibCST node that a fact may be made of.

    A method gets a LibCST statement, its twin, and where CPython says it begins and ends; one for a compound statement
    gives back where it ends (CPython counts a semicolon after it).
    """

    # statements

    def suite(self, node: cst.BaseSuite, twins: Sequence[Twin]) -> Span:
        """The span of a body: from its first statement to its last, without decorators."""
        if type(node) is cst.IndentedBlock:
            self.indents.append(self.module.default_indent if node.indent is None else node.indent)
            span = self.body(node.body, twins)
            self.indents.pop()
        elif type(node) is cst.SimpleStatementSuite:
            span = self.body((node,), twins)
        else:
            raise MismatchError
        self.spans[id(node)] = span
        return span

    def body(self, nodes: Sequence[Any], twins: Sequence[Twin]) -> Span:
        """The span from the first to the last of the statements NODES."""
        lines = self.lines
        index, end = 0, 0
        for line in nodes:
            kind = type(line)
            small = line.body if kind is cst.SimpleStatementLine or kind is cst.SimpleStatementSuite else (line,)
            for node in small:
                twin = twins[index]
                index += 1
                start = lines[twin.lineno] + twin.col_offset
                end = lines[twin.end_lineno] + twin.end_col_offset
                place = _STATEMENTS.get(type(node))
                if place is not None:
                    end = place(self, node, twin, start, end) or end
                if id(node) not in self.spans:
                    self.spans[id(node)] = Span(start, end)
        if index != len(twins):
            raise MismatchError
        if not nodes:
            return Span(0, 0)
        return Span(lines[twins[0].lineno] + twins[0].col_offset, end)

    def function(self, node: cst.FunctionDef, twin: Twin, start: int, end: int) -> int:
        at = start + 3 + self.width(node.whitespace_after_def)
        if node.asynchronous is not None:
            at += self.width(node.asynchronous)
        self.named(node.name, twin.name, at)
        first = self.decorators(node.decorators, twin.decorator_list, start)
        self.parameters(node.params, twin.args)
        if node.returns is not None:
            self.expression(node.returns.annotation, twin.returns)
        end = self.suite(node.body, twin.body).end
        self.spans[id(node)] = Span(first, end)
        return end

    def class_(self, node: cst.ClassDef, twin: Twin, start: int, end: int) -> int:
        self.named(node.name, twin.name, start + 5 + self.width(node.whitespace_after_class))
        first = self.decorators(node.decorators, twin.decorator_list, start)
        self.arguments((*node.bases, *node.keywords), twin.bases, twin.keywords)
        end = self.suite(node.body, twin.body).end
        self.spans[id(node)] = Span(first, end)
        return end

    def named(self, node: cst.Name, name: str, start: int) -> None:
        """The name of a function or class, which has no twin."""
        if node.value.isascii() and node.value != name:
            raise MismatchError
        self.spans[id(node)] = Span(start, start + len(node.value.encode()))

    def decorators(self, nodes: Sequence[cst.Decorator], twins: Sequence[Twin], start: int) -> int:
        """Where the first decorator begins with its `@`; START when there is none."""
        for node, twin in zip(reversed(nodes), reversed(twins), strict=True):
            start = self.expression(node.decorator, twin).start - self.width(node.whitespace_after_at) - 1
        return start

    def import_(self, node: cst.Import | cst.ImportFrom, twin: Twin, start: int, end: int) -> None:
        if isinstance(node.names, cst.ImportStar):
            return
        lines = self.lines
        for alias, each in zip(node.names, twin.names, strict=True):
            self.spans[id(alias)] = Span(
                lines[each.lineno] + each.col_offset, lines[each.end_lineno] + each.end_col_offset
            )

    def assign(self, node: cst.Assign, twin: Twin, start: int, end: int) -> None:
        for item, target in zip(node.targets, twin.targets, strict=True):
            self.expression(item.target, target)
        self.expression(node.value, twin.value)

    def annotated(self, node: cst.AnnAssign, twin: Twin, start: int, end: int) -> None:
        self.expression(node.target, twin.target)
        self.expression(node.annotation.annotation, twin.annotation)
        if node.value is not None:
            self.expression(node.value, twin.value)

    def augmented(self, node: cst.AugAssign, twin: Twin, start: int, end: int) -> None:
        self.expression(node.target, twin.target)
        self.expression(node.value, twin.value)

    def valued(self, node: cst.Return | cst.Expr, twin: Twin, start: int, end: int) -> None:
        if node.value is not None:
            self.expression(node.value, twin.value)

    def raise_(self, node: cst.Raise, twin: Twin, start: int, end: int) -> None:
        if node.exc is not None:
            self.expression(node.exc, twin.exc)
        if node.cause is not None:
            self.expression(node.cause.item, twin.cause)

    def assert_(self, node: cst.Assert, twin: Twin, start: int, end: int) -> None:
        self.expression(node.test, twin.test)
        if node.msg is not None:
            self.expression(node.msg, twin.msg)

    def delete(self, node: cst.Del, twin: Twin, start: int, end: int) -> None:
        target = node.target
        if type(target) is not cst.Tuple or target.lpar:
            self.expression(target, twin.targets[0])
            return
        self.spans[id(target)] = self.listed(target, twin.targets) or Span(end, end)

    def if_(self, node: cst.If, twin: Twin, start: int, end: int) -> int:
        self.expression(node.test, twin.test)
        end = self.suite(node.body, twin.body).end
        if type(node.orelse) is cst.If:
            return self.body((node.orelse,), twin.orelse).end
        return self.suite(node.orelse.body, twin.orelse).end if node.orelse is not None else end

    def while_(self, node: cst.While, twin: Twin, start: int, end: int) -> int:
        self.expression(node.test, twin.test)
        end = self.suite(node.body, twin.body).end
        return self.suite(node.orelse.body, twin.orelse).end if node.orelse is not None else end

    def for_(self, node: cst.For, twin: Twin, start: int, end: int) -> int:
        self.expression(node.target, twin.target)
        self.expression(node.iter, twin.iter)
        end = self.suite(node.body, twin.body).end
        return self.suite(node.orelse.body, twin.orelse).end if node.orelse is not None else end

    def with_(self, node: cst.With, twin: Twin, start: int, end: int) -> int:
        for item, each in zip(node.items, twin.items, strict=True):
            self.expression(item.item, each.context_expr)
        return self.suite(node.body, twin.body).end

    def try_(self, node: Any, twin: Twin, start: int, end: int) -> int:
        end = self.suite(node.body, twin.body).end
        for handler, each in zip(node.handlers, twin.handlers, strict=True):
            if handler.type is not None:
                self.expression(handler.type, each.type)
            end = self.suite(handler.body, each.body).end
        if node.orelse is not None:
            end = self.suite(node.orelse.body, twin.orelse).end
        return self.suite(node.finalbody.body, twin.finalbody).end if node.finalbody is not None else end

    def match(self, node: cst.Match, twin: Twin, start: int, end: int) -> int:
        self.expression(node.subject, twin.subject)
        self.indents.append(self.module.default_indent if node.indent is None else node.indent)
        for case, each in zip(node.cases, twin.cases, strict=True):
            if case.guard is not None:
                self.expression(case.guard, each.guard)
            end = self.suite(case.body, each.body).end
        self.indents.pop()
        return end


_Statement = Callable[[_Twins, Any, Twin, int, int], int | None]
_STATEMENTS: dict[type[cst.CSTNode], _Statement] = {
    cst.FunctionDef: _Twins.function,
    cst.ClassDef: _Twins.class_,
    cst.Import: _Twins.import_,
    cst.ImportFrom: _Twins.import_,
    cst.Assign: _Twins.assign,
    cst.AnnAssign: _Twins.annotated,
    cst.AugAssign: _Twins.augmented,
    cst.Return: _Twins.valued,
    cst.Expr: _Twins.valued,
    cst.Raise: _Twins.raise_,
    cst.Assert: _Twins.assert_,
    cst.Del: _Twins.delete,
    cst.If: _Twins.if_,
    cst.While: _Twins.while_,
    cst.For: _Twins.for_,
    cst.With: _Twins.with_,
    cst.Try: _Twins.try_,
    cst.TryStar: _Twins.try_,
    cst.Match: _Twins.match,
}
