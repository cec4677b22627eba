"""A review as plain data that every format is written from.

Text is as the project has it, control characters and all: the formats escape. Names stand in backquotes.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from celery_lint.views.model import Place, Severity

State = Literal["passed", "failed", "not applicable", "unknown"]
Kind = Literal[
    "registration", "declaration", "runs on", "event loop", "session", "engine", "limits", "waiting", "retries",
    "acknowledgement", "runs twice", "print", "callers", "sends", "schedule",
]  # fmt: skip
# Why a task is reviewed: it is new; its code, a name that this uses, a call that sends it, or a function that it runs
# changed; it runs elsewhere or otherwise; it has a new problem.
Cause = Literal["new", "code", "name", "call", "function", "surroundings", "problem"]
# In the order of a review: is it found, where does it run, does it work there, how does it fail, who depends on it.
KINDS: tuple[Kind, ...] = (
    "registration", "declaration", "runs on", "event loop", "session", "engine", "limits", "waiting", "retries",
    "acknowledgement", "runs twice", "print", "callers", "sends", "schedule",
)  # fmt: skip


class Note(Struct, frozen=True):
    """Another place that explains a problem."""

    message: str
    place: Place


class Problem(Struct, frozen=True):
    """A finding. IS_NEW: the change brought it; without anything to compare with, all are new. ALSO are other places of
    which the same is said. FIX is what `celery-lint --fix` would do, with `--unsafe-fixes` unless it IS_SAFE."""

    code: str
    name: str
    severity: Severity
    message: str
    place: Place
    also: tuple[Place, ...] = ()
    related: tuple[Note, ...] = ()
    is_new: bool = True
    fix: str | None = None
    is_safe: bool = False
    url: str | None = None


class Row(Struct, frozen=True):
    """One line of the checklist: TEXT says what was seen, PROBLEMS are why it failed (none where TEXT says it), WHY is
    why it is not known and what would tell, PLACES are where it was seen."""

    kind: Kind
    state: State
    text: str
    why: str | None = None
    problems: tuple[Problem, ...] = ()
    places: tuple[Place, ...] = ()


class Alteration(Struct, frozen=True):
    """What a change made of something: TEXT says what is other now, SHORT the same in three words, CONSEQUENCE what
    that does in production and what to do about it. SHARED is what to say of several tasks of which TEXT says each its
    own."""

    kind: Kind
    severity: Severity
    text: str
    short: str
    consequence: str | None = None
    place: Place | None = None
    shared: str | None = None


class Reason(Struct, frozen=True):
    """Why a task is reviewed. STEPS are the places through which it comes to what changed."""

    cause: Cause
    text: str
    place: Place | None = None
    steps: tuple[Place, ...] = ()


class TaskReview(Struct, frozen=True):
    """The checklist of one task, why it is reviewed, and what the change made of it."""

    name: str
    place: Place
    is_new: bool
    reasons: tuple[Reason, ...]
    alterations: tuple[Alteration, ...]
    rows: tuple[Row, ...]


class SettingChange(Struct, frozen=True):
    """A setting of an APP that is other now: what it was BEFORE and is AFTER, as it is written (`…` where that may be a
    password); null when it is not set. CONSEQUENCE is what that does."""

    app: str
    name: str
    before: str | None
    after: str | None
    consequence: str | None
    place: Place | None


class Gone(Struct, frozen=True):
    """A task that there was. LEFT are the places that still name it."""

    name: str
    place: Place
    left: tuple[Note, ...] = ()


class Review(Struct, frozen=True):
    """A whole review. SINCE is what it compares with, as people call it; null when it compares with nothing. BESIDE are
    new problems that are about none of the reviewed tasks, CURED are problems that are not found any more (their places
    are those of before), OTHERS is how many tasks were not reviewed."""

    since: str | None
    tasks: tuple[TaskReview, ...] = ()
    settings: tuple[SettingChange, ...] = ()
    gone: tuple[Gone, ...] = ()
    beside: tuple[Problem, ...] = ()
    cured: tuple[Problem, ...] = ()
    others: Annotated[int, Meta(ge=0)] = 0
