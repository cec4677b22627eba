"""What writes findings, by the name of the format. Each is imported when it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msgspec import Struct, field

from celery_lint.output import OutputFormat
from celery_lint.report.model import Report
from celery_lint.report.terminal import Terminal
from celery_lint.views.model import Picture

Lines = tuple[str, ...]


class Target(Struct, frozen=True):
    """What is written to: a TERMINAL (or a file, which is like a plain one), and the WAY from there to the project's
    root, to be put before paths (`` when it is there, else ending in `/`)."""

    terminal: Terminal = field(default_factory=Terminal)
    way: str = ""


Writer = Callable[[Report, Target, Callable[[], Picture]], Lines | bytes]
"""Writes a report to a target. The last argument draws what was understood of the project."""


def _full(report: Report, target: Target, _: object) -> Lines:
    from celery_lint.report.full import full

    return tuple(full(report, target.terminal))


def _concise(report: Report, target: Target, _: object) -> Lines:
    from celery_lint.report.concise import concise

    return tuple(concise(report, target.terminal))


def _json(report: Report, *_: object) -> bytes:
    from celery_lint.report.json import json

    return json(report)


def _jsonl(report: Report, *_: object) -> bytes:
    from celery_lint.report.jsonl import jsonl

    return jsonl(report)


def _sarif(report: Report, *_: object) -> bytes:
    from celery_lint.report.sarif import sarif

    return sarif(report)


def _github(report: Report, *_: object) -> bytes:
    from celery_lint.report.github import github

    return github(report)


def _gitlab(report: Report, *_: object) -> bytes:
    from celery_lint.report.gitlab import gitlab

    return gitlab(report)


def _junit(report: Report, *_: object) -> bytes:
    from celery_lint.report.junit import junit

    return junit(report)


def _html(report: Report, target: Target, picture: Callable[[], Picture]) -> bytes:
    from celery_lint.views.findings import html

    return html(report, picture, target.way).encode("utf-8", "backslashreplace")


WRITERS: Mapping[OutputFormat, Writer] = {
    "full": _full,
    "concise": _concise,
    "json": _json,
    "jsonl": _jsonl,
    "sarif": _sarif,
    "github": _github,
    "gitlab": _gitlab,
    "junit": _junit,
    "html": _html,
}


def written(format: OutputFormat, report: Report, target: Target, picture: Callable[[], Picture]) -> Lines | bytes:
    """REPORT in FORMAT, for TARGET: lines for people, bytes for programs. PICTURE draws the project."""
    return WRITERS[format](report, target, picture)
