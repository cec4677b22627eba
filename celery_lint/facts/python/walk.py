"""A read-only walk over LibCST nodes that calls a visitor's `visit_X` and `leave_X`.

`Module.visit` is made for rewriting: it rebuilds every node and costs as much as the parse. This walk costs a
fifteenth of it, and skips what can hold no fact (whitespace, operators, punctuation).
"""

from __future__ import annotations

from dataclasses import fields
from functools import cache

import libcst as cst
from msgspec import Struct

_SILENT_FIELDS = frozenset({
    "asynchronous", "colon", "comma", "dot", "equal", "first_colon", "footer", "header", "indent", "lbrace", "lbracket",
    "leading_lines", "lines_after_decorators", "lpar", "operator", "posonly_ind", "rbrace", "rbracket", "relative",
    "rpar", "second_colon", "semicolon", "separator", "star", "trailing_comma",
})  # fmt: skip


@cache
def _child_fields(kind: type[cst.CSTNode]) -> tuple[str, ...]:
    return tuple(
        field.name
        for field in fields(kind)
        if field.name not in _SILENT_FIELDS
        and not field.name.startswith("whitespace_")
        and "Whitespace" not in str(field.type)
    )


_PUNCTUATION = (
    cst.BaseParenthesizableWhitespace, cst.TrailingWhitespace, cst.EmptyLine, cst.Newline, cst.Comment, cst.Semicolon,
    cst.Comma, cst.Dot, cst.AssignEqual, cst.LeftParen, cst.RightParen, cst.LeftSquareBracket, cst.RightSquareBracket,
    cst.LeftCurlyBrace, cst.RightCurlyBrace, cst.BaseBinaryOp, cst.BaseBooleanOp, cst.BaseCompOp, cst.BaseUnaryOp,
    cst.BaseAugOp, cst.Colon, cst.Asynchronous,
)  # fmt: skip
# The order in which code runs differs from the order of the fields in these two only.
_ORDER: dict[type[cst.CSTNode], tuple[str, ...]] = {
    cst.FunctionDef: ("decorators", "params", "returns", "body"),
    cst.ClassDef: ("decorators", "bases", "keywords", "body"),
}


@cache
def child_fields(kind: type[cst.CSTNode]) -> tuple[str, ...]:
    """The fields of a KIND of node that can hold a fact, in source order."""
    return _ORDER.get(kind) or _child_fields(kind)


def children(node: cst.CSTNode) -> list[cst.CSTNode]:
    """The nodes directly under NODE that can hold a fact, in source order."""
    found: list[cst.CSTNode] = []
    for name in child_fields(type(node)):
        value = getattr(node, name)
        if type(value) is list or type(value) is tuple:
            found.extend(item for item in value if _can_say(type(item)))
        elif _can_say(type(value)):
            found.append(value)
    return found


@cache
def _speaking() -> dict[type[object], bool]:
    """The answers of `_can_say` so far: asking abstract classes takes long."""
    return {}


def _can_say(kind: type[object]) -> bool:
    """Whether a KIND of thing is a node that can hold a fact."""
    known = _speaking()
    if kind not in known:
        known[kind] = cst.CSTNode in kind.__mro__ and not any(each in kind.__mro__ for each in _PUNCTUATION)
    return known[kind]


class _Plan(Struct, frozen=True):
    """What a walk does with one kind of node: the names of the visitor's methods, and the fields to go on with."""

    visit: str | None
    leave: str | None
    fields: tuple[str, ...]


_UNKNOWN = _Plan(None, None, ())
Plans = dict[type[object], _Plan | None]
"""What a walk does with each kind of thing; None for what is no node or need not be looked at."""


@cache
def _plans(visitor: type[cst.CSTVisitor], only_statements: bool) -> Plans:
    """Those known so far."""
    return {}


def _plan(visitor: type[cst.CSTVisitor], kind: type[object], only_statements: bool) -> _Plan | None:
    # `issubclass` asks abstract classes at length.
    if not _can_say(kind) or (only_statements and cst.BaseExpression in kind.__mro__):
        return None
    visit, leave = f"visit_{kind.__name__}", f"leave_{kind.__name__}"
    return _Plan(
        visit if hasattr(visitor, visit) else None,
        leave if hasattr(visitor, leave) else None,
        child_fields(kind),  # type: ignore[arg-type]  # what can say something is a node
    )


def walk(node: cst.CSTNode, visitor: cst.CSTVisitor, *, only_statements: bool = False) -> None:
    """Visit NODE and everything under it. A `visit_X` that returns False keeps the walk out of that node.

    With ONLY_STATEMENTS the walk stays out of expressions.
    """
    _walk(node, visitor, _plans(type(visitor), only_statements), only_statements)


def _walk(node: cst.CSTNode, visitor: cst.CSTVisitor, plans: Plans, only_statements: bool) -> None:
    # One frame a level: what is nested deeply must not be so twice. And none for what nobody looks at, which is most.
    kind = type(node)
    plan = plans.get(kind, _UNKNOWN)
    if plan is _UNKNOWN:
        plan = plans[kind] = _plan(type(visitor), kind, only_statements)
    if plan is None or (plan.visit is not None and getattr(visitor, plan.visit)(node) is False):
        return
    for name in plan.fields:
        value = getattr(node, name)
        for item in value if type(value) is list or type(value) is tuple else (value,):
            if plans.get(type(item), _UNKNOWN) is not None:
                _walk(item, visitor, plans, only_statements)
    if plan.leave is not None:
        getattr(visitor, plan.leave)(node)
