"""A value and where it stands; and what is known of one: `Known(x)`, or `Unknown(why)` that equals nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Generic, TypeVar

from msgspec import Struct

from celery_lint.facts.model import Value
from celery_lint.finding import Span

T = TypeVar("T")


class Known(Struct, Generic[T], frozen=True):
    """A value that the code writes down. FROM_ENVIRONMENT: it is only the default of an environment variable."""

    value: T
    from_environment: bool = False


class Unknown(Struct, frozen=True, eq=False):
    """A value that cannot be known; it equals nothing."""

    why: str


Scalar = str | int | float | bool | None
Evaluated = Known[Scalar] | Unknown


class Placed(Struct, frozen=True):
    """A value and where it stands: the names in it mean what they mean there.

    BOUND gives the parameters of a factory the arguments of one of its calls.
    """

    path: str
    block: int
    value: Value
    bound: Mapping[str, Placed] | None = None

    @property
    def span(self) -> Span:
        """Where the value is written."""
        return self.value.span

    def at(self, value: Value) -> Placed:
        """Another value in the same place."""
        return Placed(self.path, self.block, value, self.bound)
