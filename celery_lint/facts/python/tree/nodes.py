"""Making LibCST nodes without what their constructors check: what CPython has parsed is known to be right."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, Field, fields
from typing import Any, TypeVar

import libcst as cst

from celery_lint.facts.python.walk import child_fields

N = TypeVar("N", bound=cst.CSTNode)


class UnknownSyntaxError(Exception):
    """CPython's tree holds something that no LibCST node is made of here."""


def maker(kind: type[N], *names: str) -> Callable[..., N]:
    """A function that makes nodes of KIND of the values of the fields NAMES, in this order.

    Other fields that a walk looks at have their defaults. What a walk does not look at (blanks, punctuation) is not
    there at all: setting it would take longer than all the rest.
    """
    given = tuple(_slot(kind, name) for name in names)
    rest = tuple((_slot(kind, name), _default(kind, name)) for name in child_fields(kind) if name not in names)
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


def _default(kind: type[cst.CSTNode], name: str) -> object:
    field: Field[object] = next(each for each in fields(kind) if each.name == name)
    if field.default_factory is not MISSING:
        return field.default_factory()
    return field.default
