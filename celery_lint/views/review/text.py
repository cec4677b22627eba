"""`text`: a review for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from celery_lint.views.model import Place, Severity
from celery_lint.views.phrases import counted
from celery_lint.views.readable import escaped
from celery_lint.views.review.digest import (
    Digest,
    counts,
    digest,
    headline,
    new_problems,
    old_problems,
    verdict,
    worst,
)  # fmt: skip
from celery_lint.views.review.model import Alteration, Problem, Review, Row, State, TaskReview
from celery_lint.views.sheet import Sheet, Words, words
from celery_lint.views.text import SEVERITY_STYLES

_MARKS: dict[Severity | None, str] = {"error": "✗", "warning": "!", "info": "i", None: "✓"}
_STATES: dict[State, tuple[str, str]] = {
    "passed": ("✓", "green"),
    "failed": ("✗", "red"),
    "unknown": ("?", "yellow"),
    "not applicable": ("·", "dim"),
}
_NAMES = 6


def text(review: Review, sheet: Sheet) -> Iterator[str]:
    """The lines of REVIEW on SHEET."""
    review = msgspec.convert(escaped(msgspec.to_builtins(review)), Review)
    whole = digest(review)
    since = [words(f"  since {review.since}", "dim")] if review.since is not None else []
    yield from sheet.line([words(verdict(review), "bold"), *since])
    yield from _list(whole, sheet)
    for title, section in (("in several tasks", _common), ("beside the tasks", _beside)):
        lines = list(section(whole, sheet))
        if lines:
            yield ""
            yield sheet.terminal.paint(title, "bold")
            yield from lines
    for task in whole.tasks:
        yield from _details(task, whole, sheet)


def _list(whole: Digest, sheet: Sheet) -> Iterator[str]:
    for task in whole.tasks:
        yield from sheet.line([_mark(worst(task)), words(task.name, "bold")], task.place, "  ")
        yield from sheet.paragraph(headline(task, whole), "    ")
    for gone in whole.review.gone:
        yield from sheet.line([_mark("error" if gone.left else "warning"), words(gone.name, "bold"), words(" is gone")])
        yield from sheet.paragraph("messages that still wait for it are discarded as unregistered", "    ")
        for note in gone.left:
            yield from sheet.line([words(f"    {note.message}")], note.place, "    ")
    for group in (*whole.groups, *whole.quiet):
        yield from sheet.line([_mark(group.severity), words(group.text)], group.place, "  ")
        if group.consequence:
            yield from sheet.paragraph(group.consequence, "    ")
        rest = f" and {len(group.tasks) - _NAMES} more" if len(group.tasks) > _NAMES else ""
        named = f"{counted(len(group.tasks), 'task')}: {', '.join(group.tasks[:_NAMES])}{rest}"
        yield from sheet.paragraph(named, "    ", "dim")


def _mark(severity: Severity | None) -> Words:
    return words(f"{_MARKS[severity]} ", *(SEVERITY_STYLES[severity] if severity is not None else ("green",)))


def _common(whole: Digest, sheet: Sheet) -> Iterator[str]:
    for problem, tasks in whole.common:
        if problem.is_new:
            yield from _problem(problem, sheet)
            yield from sheet.paragraph(f"{counted(len(tasks), 'task')}", "    ", "dim")


def _beside(whole: Digest, sheet: Sheet) -> Iterator[str]:
    for problem in whole.review.beside:
        yield from _problem(problem, sheet)


def _details(task: TaskReview, whole: Digest, sheet: Sheet) -> Iterator[str]:
    yield ""
    yield from sheet.line([words(task.name, "bold"), words(f"  {counts(task.rows)}", "dim")], task.place)
    for reason in task.reasons:
        if not task.is_new:
            yield from sheet.line([words(f"  {reason.text}", "dim")], reason.place, "  ")
    yield from _altered(whole.own(task), sheet)
    for problem in new_problems(task):
        if not whole.is_common(problem):
            yield from _problem(problem, sheet)
    before = old_problems(task)
    if before:
        yield from sheet.paragraph("before the change too: " + ", ".join(
            dict.fromkeys(f"{problem.name} ({_at(problem.place)})" for problem in before)), "  ", "dim")  # fmt: skip
    for row in task.rows:
        yield from _row(row, sheet)


def _altered(alterations: Sequence[Alteration], sheet: Sheet) -> Iterator[str]:
    for each in alterations:
        yield from sheet.line([words("  "), _mark(each.severity), words(each.text)], each.place, "  ")
        if each.consequence:
            yield from sheet.paragraph(each.consequence, "    ")


def _problem(problem: Problem, sheet: Sheet) -> Iterator[str]:
    label = words(f"{problem.code} {problem.name}", *SEVERITY_STYLES[problem.severity])
    yield from sheet.line([words("  "), _mark(problem.severity), label], problem.place, "  ")
    yield from sheet.paragraph(problem.message, "    ")


def _row(row: Row, sheet: Sheet) -> Iterator[str]:
    if row.state == "not applicable":
        return
    mark, style = _STATES[row.state]
    yield sheet.terminal.paint(f"  {mark} {row.kind}", style)
    codes = "".join(f" {code}" for code in dict.fromkeys(problem.code for problem in row.problems))
    yield from sheet.paragraph(f"{row.text}{codes}", "    ")
    if row.state == "unknown" and row.why:
        yield from sheet.paragraph(f"not known: {row.why}", "    ", "yellow")


def _at(place: Place) -> str:
    return place.path if place.path == "." else f"{place.path}:{place.line}"
