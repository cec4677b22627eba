"""What a rule says: findings, the places they name, and the edits that would cure them.

Places are byte spans of a file. Lines and columns are computed where they are shown (`celery_lint.source`).
"""

from __future__ import annotations

from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from celery_lint.remedy import Remedy


class Span(Struct, frozen=True, array_like=True, gc=False, order=True):
    """A half-open range of bytes in one file."""

    start: int
    end: int

    def contains(self, other: Span) -> bool:
        """Whether OTHER lies inside this span (or is the same)."""
        return self.start <= other.start and other.end <= self.end


class Severity(IntEnum):
    """How bad it is; `info` never fails a run by default."""

    INFO = 1
    WARNING = 2
    ERROR = 3

    @property
    def label(self) -> str:
        """The word shown to people and written to JSON."""
        return self.name.lower()


class Confidence(IntEnum):
    """How sure the rule is that the finding is real."""

    LOW = 1
    MEDIUM = 2
    HIGH = 3

    @property
    def label(self) -> str:
        """The word shown to people and written to JSON."""
        return self.name.lower()


class Applicability(StrEnum):
    """When a fix may be applied without asking (`safe`), on request (`unsafe`), or never (`display`)."""

    SAFE = "safe"
    UNSAFE = "unsafe"
    DISPLAY = "display"


class Location(Struct, frozen=True, order=True):
    """A span of one file; PATH is relative to the project's root, with `/`."""

    path: str
    span: Span


class Related(Struct, frozen=True):
    """Another place that explains a finding, and what it has to do with it: AGAIN, when it is the same mistake."""

    location: Location
    message: str
    again: bool = False


class Edit(Struct, frozen=True):
    """Replace the bytes of SPAN in PATH by TEXT (encoded as the file is)."""

    path: str
    span: Span
    text: str


class Fix(Struct, frozen=True):
    """Edits that cure one finding. They are applied together or not at all."""

    title: str
    applicability: Applicability
    edits: tuple[Edit, ...]


class Finding(Struct, frozen=True, eq=False):
    """One root cause, said once.

    ENTITY is what the finding is about, stable when lines move: `task:proj.tasks.add`, `queue:mail`,
    `setting:task_time_limit`, `route:proj.*`, `app:proj.celery.app`, `function:proj/tasks.py:helper`.
    REMEDY is how it could be cured, still without edits; `celery_lint.fix` turns it into FIX, or into
    WITHHELD: one sentence that says why there is no automatic fix. These three do not count when two are compared.
    """

    code: str
    name: str
    severity: Severity
    confidence: Confidence
    message: str
    location: Location
    entity: str
    related: tuple[Related, ...] = ()
    remedy: Remedy | None = None
    fix: Fix | None = None
    withheld: str | None = None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Finding) and self._said == other._said

    def __hash__(self) -> int:
        return hash(self._said)

    @property
    def _said(self) -> tuple[object, ...]:
        """What it says of the code as it is."""
        where = (self.location, self.entity, self.related)
        return (self.code, self.name, self.severity, self.confidence, self.message, *where)

    @property
    def places(self) -> tuple[Location, ...]:
        """Where the mistake is made: once, or more often."""
        return (self.location, *(related.location for related in self.related if related.again))
