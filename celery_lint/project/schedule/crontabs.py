"""LINK: the `crontab(…)`s of a project, judged by constructing Celery's own from what is written down."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from celery_lint.facts.model import Argument, Call, Literal
from celery_lint.finding import Location
from celery_lint.project.code.patterns import Pattern
from celery_lint.project.code.values import Evaluator, Known, Placed
from celery_lint.project.model import ScheduleEntry

if TYPE_CHECKING:
    from celery_lint.project.project import Project

# In the order of Celery's parameters, which is not cron's.
FIELDS = ("minute", "hour", "day_of_week", "day_of_month", "month_of_year")
_ALL = {
    "minute": range(60),
    "hour": range(24),
    "day_of_week": range(7),
    "day_of_month": range(1, 32),
    "month_of_year": range(1, 13),
}
_STEP = re.compile(r"\*(?:/([1-9][0-9]?))?")
_NUMBERS = re.compile(r"[0-9]{1,2}(?:,[0-9]{1,2})*")
_OTHER = ("nowfun", "app")
_MADE = Pattern(rb"\bcrontab\b")
_NAMES = ("celery.schedules.crontab", "celery.schedules.crontab.from_string")

Spec = int | float | str | bool | None | list[int | float | str | bool | None]


class Times(Struct, frozen=True):
    """When Celery's crontab fires."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days_of_week: frozenset[int]
    days_of_month: frozenset[int]
    months: frozenset[int]


class Refusal(Struct, frozen=True):
    """The exception that Celery's crontab raises, and what it says."""

    error: str
    message: str


class Crontab(Struct, frozen=True, eq=False, dict=True):
    """One `crontab(…)`. FIELDS are the arguments by the name of their parameter (UNKNOWN: those that Celery has no
    parameter for), VALUES those of them that are written down. OPEN: there may be more than can be seen. TEXT is the
    argument of `crontab.from_string("…")`. ENTRY is the schedule entry that it belongs to, where one is seen."""

    path: str
    call: Call
    fields: Mapping[str, Argument]
    unknown: tuple[Argument, ...]
    values: Mapping[str, Spec]
    open: bool
    text: Placed | None = None
    entry: ScheduleEntry | None = None

    @property
    def location(self) -> Location:
        """The whole call."""
        return Location(self.path, self.call.span)

    @property
    def entity(self) -> str:
        """What findings about this crontab are about."""
        return self.entry.entity if self.entry is not None else f"crontab:{self.path}"

    @cached_property
    def times(self) -> Times | None:
        """When it fires; None when not all can be seen, or Celery does not take it."""
        if self.open or self.unknown or self.text is not None or len(self.values) < len(self.fields):
            return None
        made = construct(self.values)
        return made if isinstance(made, Times) else None

    @property
    def is_everyday(self) -> bool:
        """Whether no day is left out."""
        return all(self.values.get(name, "*") == "*" for name in FIELDS[2:])


def construct(values: Mapping[str, Spec] | str) -> Times | Refusal:
    """What Celery's own crontab makes of these arguments, or of a line of cron."""
    plain = _plain(values) if not isinstance(values, str) else None
    if plain is not None:
        return plain
    # Celery is loaded when the first crontab needs it: that takes longer than to judge most projects' schedules.
    from celery.schedules import ParseException, crontab

    try:
        made = crontab.from_string(values) if isinstance(values, str) else crontab(**values)
    except (ValueError, TypeError, ParseException) as error:
        return Refusal(type(error).__name__, " ".join(str(error).split()).rstrip("."))
    return Times(*(frozenset(getattr(made, name)) for name in FIELDS))


def _plain(values: Mapping[str, Spec]) -> Times | None:
    """The same where nobody needs Celery to tell: `0`, `"0,30"`, `"*"`, `"*/15"`. None for all else."""
    if not values.keys() <= _ALL.keys():
        return None
    fields = [_numbers(values.get(name, "*"), every) for name, every in _ALL.items()]
    known = [field for field in fields if field is not None]
    return Times(*known) if len(known) == len(fields) else None


def _numbers(value: Spec, every: range) -> frozenset[int] | None:
    """The numbers of EVERY that VALUE names."""
    text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    if step := _STEP.fullmatch(text):
        return frozenset(every[:: int(step[1] or 1)])
    numbers = frozenset(map(int, text.split(","))) if _NUMBERS.fullmatch(text) else frozenset()
    return numbers if numbers and numbers <= frozenset(every) else None


def find_crontabs(project: Project) -> Iterator[Crontab]:
    """All crontabs of the project, in the order of files and lines."""
    evaluator = project.evaluator
    entries = {}
    for entry in project.schedule:
        schedule = entry.fields.get("schedule")
        if schedule is not None:
            placed = evaluator.follow(schedule)
            entries[(placed.path, placed.span)] = entry
    for path in project.files.mentioning(_MADE, sorted(project.files.celery_paths)):
        for call in project.index(path).facts.calls:
            name = project.symbols.external(path, call.callee)
            if name in _NAMES:
                made = _made(path, call, evaluator, from_string=name == _NAMES[1])
                yield replace(made, entry=entries.get((path, call.span)))


def _made(path: str, call: Call, evaluator: Evaluator, *, from_string: bool) -> Crontab:
    placed = Placed(path, call.block, call)
    if from_string:
        argument = call.argument(0, "crontab")
        text = placed.at(argument.value) if argument is not None else None
        return Crontab(path, call, {}, (), {}, text is None, text)
    fields: dict[str, Argument] = {}
    unknown: list[Argument] = []
    is_open = False
    for position, argument in enumerate(call.arguments):
        if argument.star:
            is_open = True
        name = argument.keyword or (FIELDS[position] if position < len(FIELDS) and not is_open else "")
        if name in FIELDS:
            fields[name] = argument
        elif not argument.star and not is_open and name not in _OTHER:
            unknown.append(argument)
    values = {name: _spec(placed.at(argument.value), evaluator) for name, argument in fields.items()}
    known = {name: value.value for name, value in values.items() if value is not None}
    return Crontab(path, call, fields, tuple(unknown), known, is_open)


def _spec(placed: Placed, evaluator: Evaluator) -> Known[Spec] | None:
    """What a field is given, where it is written down: the default of a variable is not what production has."""
    single = evaluator.scalar(placed)
    if isinstance(single, Known):
        return Known(single.value) if not single.from_environment else None
    items = evaluator.items(placed)
    known = [item for item in map(evaluator.scalar, items or ()) if isinstance(item, Known)]
    if items is None or len(known) < len(items):
        return None
    return Known([item.value for item in known])


def single(value: Spec) -> int | None:
    """The number that a field is given, if it is just one: `0`, `"30"`."""
    if isinstance(value, str) and value.strip().isdecimal() and len(value) < 20:
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def written(argument: Argument, name: str, project: Project, path: str) -> str:
    """An argument as a message names it: `minute=60`, also where it is given by its position."""
    text = project.source(path).text(argument.value.span)
    shown = text if isinstance(argument.value, Literal) or len(text) < 40 else "…"
    return f"{name}={shown}" if name else shown
