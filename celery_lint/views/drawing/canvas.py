"""What every part of a drawing needs: ids, places, text as it is written, and who has which problem."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from msgspec import Struct, field

from celery_lint.facts.model import Word
from celery_lint.finding import Finding, Location
from celery_lint.project.code.values import Placed
from celery_lint.project.model import App, Task, Worker
from celery_lint.project.project import Project
from celery_lint.views.model import Option, Place

_LONGEST = 60
_VARIABLE = re.compile(r"\$\{?\w+|\{\{[^{}]*\}\}")


class Canvas(Struct, frozen=True):
    """One project on its way into a picture. IDS start with PREFIX; DECLARED is where the configuration declares
    workers; FINDINGS are the project's with their positions in the picture."""

    project: Project
    findings: Sequence[tuple[int, Finding]]
    prefix: str = ""
    declared: Place = field(default_factory=lambda: Place("pyproject.toml", 1))
    groups: dict[App, int] = field(default_factory=dict)
    workers: dict[Worker, str] = field(default_factory=dict)
    tasks: dict[Task, str] = field(default_factory=dict)
    apps: dict[App, str] = field(default_factory=dict)

    def place(self, location: Location) -> Place:
        """LOCATION as people count it."""
        if location.path == "." or location.path not in self.project.files.known:
            return Place(location.path, 1)
        return Place(location.path, self.project.line(location))

    def written(self, placed: Placed) -> str:
        """PLACED as it stands in the code, on one line, its middle left out when it is long."""
        text = " ".join(self.project.source(placed.path).text(placed.span).split())
        return shortened(text)

    def option(self, name: str, placed: Placed) -> Option:
        """An option with its value as it is written."""
        return Option(name, self.written(placed), self.place(Location(placed.path, placed.span)))

    def problems(self, location: Location, *entities: str) -> tuple[int, ...]:
        """The findings about one of ENTITIES, or exactly at LOCATION."""
        return tuple(
            position
            for position, finding in self.findings
            if finding.entity in entities or finding.location == location
        )


def shortened(text: str) -> str:
    """TEXT, without its middle when it is long."""
    if len(text) <= _LONGEST:
        return text
    half = (_LONGEST - 3) // 2
    return f"{text[:half]} … {text[-half:]}"


def computed(words: Iterable[Word]) -> str:
    """`computed from $QUEUES`: what words that cannot be known are made of."""
    raws = [word.raw for word in words]
    variables = [match.group().replace("${", "$") for raw in raws for match in _VARIABLE.finditer(raw)]
    named = ", ".join(dict.fromkeys(variables or [raw for raw in raws if raw]))
    return f"computed from {shortened(named)}" if named else "computed at run time"
