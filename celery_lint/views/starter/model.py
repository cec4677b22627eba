"""The vocabulary of a first configuration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct, field

from celery_lint.finding import Finding
from celery_lint.project.project import Project
from celery_lint.views.model import Picture, Place


class Material(Struct, frozen=True):
    """All that is known: the PROJECTS and their PICTURE, the FINDINGS, and how many MORE the strict preset and
    `require-route` would report, by rule."""

    projects: Sequence[Project]
    picture: Picture
    findings: Sequence[Finding]
    strict: Mapping[str, int] = field(default_factory=dict)
    unrouted: int = 0


class Suggestion(Struct, frozen=True):
    """A setting that would help. LINE is how it is written, WHY are sentences that say what was seen, and WHERE."""

    line: str
    why: Sequence[str]
    where: Sequence[Place] = ()
