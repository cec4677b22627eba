"""`text`: a review for a terminal."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from celery_lint.views.model import Severity
from celery_lint.views.phrases import counted
from celery_lint.views.readable import escaped
from celery_lint.views.review.digest import (
    Digest,
    Group,
    counts,
    cured,
    digest,
    failing,
    gravest,
    is_told,
    setting,
    verdict,
)
from celery_lint.views.review.model import Problem, Review, Row, TaskReview
from celery_lint.views.sheet import Sheet, Words, words
from celery_lint.views.text import SEVERITY_STYLES

_MARKS: dict[Severity | None, str] = {"error": "✗", "warning": "!", "info": "i", None: "✓"}
_NAMES = 6


def text(review: Review, sheet: Sheet) -> Iterator[str]:
    """The lines of REVIEW on SHEET."""
    review = msgspec.convert(escaped(msgspec.to_builtins(review)), Review)
    whole = digest(review)
    yield sheet.terminal.paint(verdict(review), "bold")
    yield from _list(whole, sheet)
    several = [problem for problem, _ in whole.common]
    for title, problems in (("in several tasks", several), ("beside the tasks", review.beside)):
        if problems:
            yield from ("", sheet.terminal.paint(title, "bold"))
        for problem in problems:
            yield from _problem(problem, sheet)
    for task in whole.tasks:
        if whole.has_news(task) or len(review.tasks) == 1:
            yield from _details(task, whole, sheet)


def _list(whole: Digest, sheet: Sheet) -> Iterator[str]:
    for line in whole.lines:
        named = line.tasks[0] if len(line.tasks) == 1 else counted(len(line.tasks), "task")
        yield from sheet.line([_mark(line.severity), words(named, "bold")], line.place, "  ")
        yield from sheet.paragraph(line.text, "    ")
        if len(line.tasks) > 1:
            yield from sheet.paragraph(_names(line.tasks), "    ", "dim")
    for gone in whole.review.gone:
        yield from sheet.line([_mark("error" if gone.left else "warning"), words(gone.name, "bold"), words(" is gone")])
        yield from sheet.paragraph("messages that still wait for it are discarded as unregistered", "    ")
        for note in gone.left:
            yield from sheet.line([words(f"    {note.message}")], note.place, "    ")
    for each in whole.review.settings:
        yield from sheet.line(
            [_mark("warning" if each.consequence else "info"), words(setting(each))], each.place, "  "
        )
        if each.consequence:
            yield from sheet.paragraph(each.consequence, "    ")
    fixed = cured(whole.review)
    if fixed is not None:
        yield from sheet.line([_mark(None), words(fixed)])
    for group in (*whole.groups, *_common(whole), *whole.quiet):
        yield from sheet.line([_mark(group.severity), words(group.text)], group.place, "  ")
        if group.consequence:
            yield from sheet.paragraph(group.consequence, "    ")
        yield from sheet.paragraph(f"{counted(len(group.tasks), 'task')}: {_names(group.tasks)}", "    ", "dim")
        for name, own in zip(group.tasks, group.notes, strict=False):
            yield from sheet.paragraph(f"{name}: {own}", "    ")


def _names(tasks: tuple[str, ...]) -> str:
    return ", ".join(tasks[:_NAMES]) + (f" and {len(tasks) - _NAMES} more" if len(tasks) > _NAMES else "")


def _common(whole: Digest) -> Iterator[Group]:
    for problem, tasks in whole.common:
        yield Group(problem.name, tasks, problem.severity, None, problem.place)


def _mark(severity: Severity | None) -> Words:
    return words(f"{_MARKS[severity]} ", *(SEVERITY_STYLES[severity] if severity is not None else ("green",)))


def _details(task: TaskReview, whole: Digest, sheet: Sheet) -> Iterator[str]:
    yield ""
    yield from sheet.line([words(task.name, "bold"), words(f"  {counts(task.rows)}", "dim")], task.place)
    for reason in task.reasons[:1] if not task.is_new else ():
        yield from sheet.line([words(f"  {reason.text}", "dim")], reason.place, "  ")
    for each in whole.own(task):
        yield from sheet.line([words("  "), _mark(each.severity), words(each.text)], each.place, "  ")
        if each.consequence and not is_told(each, task):
            yield from sheet.paragraph(each.consequence, "    ")
    for problem in whole.problems(task):
        yield from _problem(problem, sheet)
    for row in task.rows:
        yield from _row(row, sheet)
    idle = [row.kind for row in task.rows if row.state == "not applicable"]
    if idle:
        yield from sheet.paragraph(f"not applicable: {', '.join(idle)}", "    ", "dim")


def _problem(problem: Problem, sheet: Sheet) -> Iterator[str]:
    label = words(f"{problem.code} {problem.name}", *SEVERITY_STYLES[problem.severity])
    yield from sheet.line([words("  "), _mark(problem.severity), label], problem.place, "  ")
    yield from sheet.paragraph(problem.message, "    ")
    for place in problem.also:
        yield from sheet.line([words("    and here", "dim")], place, "    ")


def _row(row: Row, sheet: Sheet) -> Iterator[str]:
    if row.state == "not applicable":
        return
    unknown = row.state == "unknown"
    bare = row.state == "failed" and not row.problems
    mark = words("? ", "yellow") if unknown else _mark("info" if bare else gravest(row))
    head = f"  {sheet.terminal.paint(mark.text, *mark.styles)}{row.kind:16}"
    whole = ": ".join(part for part in (row.text, failing(row)) if part)
    styles = () if row.problems or unknown else ("dim",)
    stem = sheet.terminal.paint(" " * 20, "dim")
    for number, line in enumerate(sheet.paragraph(whole, " " * 20, *styles)):
        yield head + line.removeprefix(stem) if not number else line
    if unknown and row.why:
        yield from sheet.paragraph(f"not known: {row.why}", " " * 20, "yellow")
