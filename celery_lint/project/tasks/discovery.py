"""The calls of `autodiscover_tasks`: in which packages they look for tasks, and for which module."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from celery_lint.facts.model import Call, Lambda, Literal, Name
from celery_lint.project.code.files import Files
from celery_lint.project.code.patterns import Pattern
from celery_lint.project.code.values import Evaluator, Known, Placed

DISCOVERS = Pattern(rb"autodiscover_tasks")


class Discovery(Struct, frozen=True):
    """One `autodiscover_tasks` call: the packages it names (None: Django's installed apps, or computed), and the
    module it looks for in each (None: the packages themselves). OPEN: that module is computed."""

    path: str
    call: Call
    packages: tuple[Placed, ...] | None
    related: str | None
    uses_django: bool = False
    open: bool = False


def all_discoveries(files: Files, evaluator: Evaluator) -> Iterator[Discovery]:
    """The calls in all FILES, in order."""
    for path in files.mentioning(DISCOVERS):
        yield from discoveries(path, evaluator)


def discoveries(path: str, evaluator: Evaluator) -> Iterator[Discovery]:
    """The calls in the file PATH."""
    for call in evaluator.symbols.files.python(path).calls_named("autodiscover_tasks"):
        yield _discovery(path, call, evaluator)


def _discovery(path: str, call: Call, evaluator: Evaluator) -> Discovery:
    related_argument = call.argument(1, "related_name")
    related: str | None = "tasks"
    is_open = call.is_open
    if related_argument is not None:
        known = evaluator.scalar(Placed(path, call.block, related_argument.value))
        related = known.value if isinstance(known, Known) and isinstance(known.value, str) else None
        is_open = is_open or not isinstance(known, Known)
    argument = call.argument(0, "packages")
    value = argument.value if argument is not None else None
    if value is None or (isinstance(value, Literal) and value.value is None):
        return Discovery(path, call, None, related, True, is_open)
    if isinstance(value, Lambda) or (isinstance(value, Name) and value.ref.endswith("INSTALLED_APPS")):
        return Discovery(path, call, None, related, True, is_open)
    items = evaluator.items(Placed(path, call.block, value))
    return Discovery(path, call, tuple(items) if items is not None else None, related, False, is_open)
