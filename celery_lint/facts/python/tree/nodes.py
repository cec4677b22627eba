"""Making LibCST nodes without what their constructors check: what CPython has parsed is known to be right."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, Field, fields
from functools import cache
from typing import Any, TypeVar

import libcst as cst

N = TypeVar("N", bound=cst.CSTNode)


class UnknownSyntaxError(Exception):
    """CPython's tree holds something that no LibCST node is made of here."""


def maker(kind: type[N], *names: str) -> Callable[..., N]:
    """A function that makes nodes of KIND of the values of the fields NAMES, in this order.

    The other fields have their defaults: one blank or none, the same node in all trees, since nobody looks for it.
    """
    given = tuple(_slot(kind, name) for name in names)
    rest = tuple(
        (_slot(kind, field.name), _default(kind, field.name)) for field in fields(kind) if field.name not in names
    )
    new: Callable[[type[N]], N] = object.__new__

    def make(*values: object) -> N:
        node = new(kind)
        for put, value in zip(given, values, strict=True):
            put(node, value)
        for put, value in rest:
            put(node, value)
        return node

    return make


def _slot(kind: type[cst.CSTNode], name: str) -> Callable[[cst.CSTNode, object], None]:
    """What sets the field NAME of a frozen node."""
    descriptor: Any = next(each.__dict__[name] for each in kind.__mro__ if name in each.__dict__)
    setter: Callable[[cst.CSTNode, object], None] = descriptor.__set__
    return setter


@cache
def _default(kind: type[cst.CSTNode], name: str) -> object:
    field: Field[object] = next(each for each in fields(kind) if each.name == name)
    if field.default_factory is not MISSING:
        return field.default_factory()
    return field.default
