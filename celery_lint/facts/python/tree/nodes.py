"""Making LibCST nodes without what their constructors check: what CPython has parsed is known to be right."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, Field, fields
from typing import Any, TypeVar

import libcst as cst

from celery_lint.facts.python.walk import child_fields

N = TypeVar("N", bound=cst.CSTNode)
Put = Callable[[cst.CSTNode, object], None]
"""Sets one field of a frozen node."""


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
    # Nine in ten nodes have one field or two, and a loop over them takes twice as long.
    if len(given) == 1 and not rest:
        return _of_one(kind, new, *given)
    if len(given) == 2 and not rest:
        return _of_two(kind, new, *given)

    def make(*values: object) -> N:
        node = new(kind)
        for put, value in zip(given, values, strict=True):
            put(node, value)
        for put, value in rest:
            put(node, value)
        return node

    return make


def _of_one(kind: type[N], new: Callable[[type[N]], N], put: Put) -> Callable[..., N]:
    def make(value: object) -> N:
        node = new(kind)
        put(node, value)
        return node

    return make


def _of_two(kind: type[N], new: Callable[[type[N]], N], put: Put, put_other: Put) -> Callable[..., N]:
    def make(value: object, other: object) -> N:
        node = new(kind)
        put(node, value)
        put_other(node, other)
        return node

    return make


def _slot(kind: type[cst.CSTNode], name: str) -> Put:
    """What sets the field NAME of a frozen node."""
    descriptor: Any = next(each.__dict__[name] for each in kind.__mro__ if name in each.__dict__)
    setter: Put = descriptor.__set__
    return setter


def _default(kind: type[cst.CSTNode], name: str) -> object:
    field: Field[object] = next(each for each in fields(kind) if each.name == name)
    if field.default_factory is not MISSING:
        return field.default_factory()
    return field.default
