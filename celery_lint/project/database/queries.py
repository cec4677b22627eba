"""LINK: what comes out of a database: instances, queries and their results, and what their methods return."""

from __future__ import annotations

from typing import Literal as OneOf

from msgspec import Struct

from celery_lint.finding import Location
from celery_lint.project.database.models import Model

# `rows` are the loaded results of a query, `result` what `session.execute` returns, `pair` that of `get_or_create`.
Shape = OneOf["instance", "queryset", "rows", "result", "pair"]

_ONE = frozenset({
    "get", "first", "last", "earliest", "latest", "create", "get_by_natural_key", "create_user", "create_superuser",
    "aget", "afirst", "alast", "aearliest", "alatest", "acreate",
    "one", "one_or_none", "get_or_none", "get_by_id", "get_or_404", "first_or_404", "one_or_404",
    "scalar_one", "scalar_one_or_none", "scalar",
})  # fmt: skip
_PAIR = frozenset({"get_or_create", "update_or_create", "aget_or_create", "aupdate_or_create"})
_SAME = frozenset({
    "all", "filter", "exclude", "order_by", "select_related", "prefetch_related", "annotate", "only", "defer",
    "distinct", "using", "select_for_update", "reverse", "none", "union", "intersection", "difference", "extra",
    "complex_filter", "iterator", "aiterator", "get_queryset", "where", "filter_by", "limit", "offset", "options",
    "join", "outerjoin", "with_for_update", "execution_options", "unique", "prefetch",
})  # fmt: skip
_ROWS = frozenset({"bulk_create", "abulk_create", "scalars", "fetchall"})
# Where classes themselves answer: `User.create(…)` of Peewee and Tortoise.
_CLASS_ONE = frozenset({"get", "create", "get_or_none", "get_by_id", "first", "last", "earliest", "latest"})


class Stored(Struct, frozen=True):
    """A value out of a database: its SHAPE, the MODEL it is made of, and where it came from."""

    shape: Shape
    model: Model
    origin: Location | None = None


def of_class(model: Model, method: str) -> Stored | None:
    """What a method of the class itself returns, for the ORMs that query so."""
    if model.orm not in ("peewee", "tortoise"):
        return None
    if method in _CLASS_ONE:
        return Stored("instance", model)
    if method in _PAIR:
        return Stored("pair", model)
    return Stored("queryset", model) if method in ("select", "filter", "all", "exclude") else None


def of_query(known: Stored, method: str) -> Stored | None:
    """What METHOD returns of a query or its result."""
    if known.shape == "result":
        shapes: dict[str, Shape] = {
            "scalars": "rows",
            **dict.fromkeys(("scalar", "scalar_one", "scalar_one_or_none"), "instance"),
        }
        return Stored(shapes[method], known.model) if method in shapes else None
    if known.shape not in ("queryset", "rows"):
        return None
    if method in _ONE:
        return Stored("instance", known.model)
    if method in _PAIR:
        return Stored("pair", known.model)
    if method in _ROWS:
        return Stored("rows", known.model)
    return known if method in _SAME else None
