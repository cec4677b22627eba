"""`markdown`: a review as the comment on a pull request."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from celery_lint.views.model import Place, Severity
from celery_lint.views.phrases import counted
from celery_lint.views.review.digest import (
    Digest,
    Group,
    counts,
    digest,
    headline,
    new_problems,
    old_problems,
    verdict,
    worst,
)  # fmt: skip
from celery_lint.views.review.escape import cell, code, prose
from celery_lint.views.review.model import Alteration, Gone, Problem, Review, Row, State, TaskReview

_MARKS: dict[Severity | None, str] = {"error": "❌", "warning": "⚠️", "info": "ℹ️", None: "✅"}
_STATES: dict[State, str] = {"passed": "✅", "failed": "❌", "unknown": "❔", "not applicable": "·"}
# GitHub takes comments of 65,536 characters.
_ROOM = 60_000
_NAMES = 12
_MOST_RELATED = 3


def markdown(review: Review) -> str:
    """REVIEW as a comment."""
    whole = digest(review)
    since = f" since {code(review.since)}" if review.since is not None else ""
    lines = [f"### celery-lint: {prose(verdict(review))}{since}", ""]
    lines += _list(whole)
    for heading, section in (("In several tasks", _common), ("Beside the tasks", _beside)):
        found = list(section(whole))
        if found:
            lines += ["", f"**{heading}**", "", *found]
    return "\n".join(_within([*lines], [list(_details(task, whole)) for task in whole.tasks])) + "\n"


def _within(lines: list[str], sections: Iterable[list[str]]) -> list[str]:
    """LINES and as many SECTIONS behind them as a comment has room for."""
    size = sum(len(line) + 1 for line in lines)
    left_out = 0
    for section in sections:
        size += sum(len(line) + 1 for line in section)
        if size < _ROOM and not left_out:
            lines += section
        elif section:
            left_out += 1
    if left_out:
        lines += [
            "",
            f"…and {counted(left_out, 'task')} more, for which a comment has no room: `--format json` has all.",
        ]
    return lines


# the list at the top


def _list(whole: Digest) -> Iterator[str]:
    for task in whole.tasks:
        yield f"- {_MARKS[worst(task)]} **{code(task.name)}**: {prose(headline(task, whole))}"
    for gone in whole.review.gone:
        yield from _gone(gone)
    for group in whole.groups:
        yield from _group(group)
    for group in whole.quiet:
        where = f" ({code(_at(group.place))})" if group.place is not None else ""
        yield f"- ✅ {_named(group.tasks)}: {prose(group.text)}{where}; nothing stands out"


def _group(group: Group) -> Iterator[str]:
    yield f"- {_MARKS[group.severity]} {_named(group.tasks)}: {prose(group.text)}{_where(group.place)}"
    if group.consequence:
        yield f"  {prose(_sentence(group.consequence))}"


def _gone(gone: Gone) -> Iterator[str]:
    mark = "❌" if gone.left else "⚠️"
    yield f"- {mark} **{code(gone.name)}**: is gone. Messages that still wait for it are discarded as unregistered."
    for note in gone.left:
        yield f"  - {prose(note.message)}: {code(_at(note.place))}"


def _named(names: Sequence[str]) -> str:
    if len(names) == 1:
        return code(names[0])
    return f"{counted(len(names), 'task')} ({_listed(names)})"


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(code(name) for name in names[:_NAMES])
    return shown + (f" and {len(names) - _NAMES} more" if len(names) > _NAMES else "")


# problems that are not of one task


def _common(whole: Digest) -> Iterator[str]:
    for problem, tasks in whole.common:
        if problem.is_new:
            yield from _problem(problem)
            yield f"  - {counted(len(tasks), 'task')}: {_listed(tasks)}"


def _beside(whole: Digest) -> Iterator[str]:
    for problem in whole.review.beside:
        yield from _problem(problem)


# one task


def _details(task: TaskReview, whole: Digest) -> Iterator[str]:
    yield ""
    yield f"#### {code(task.name)}"
    yield ""
    yield f"{code(_at(task.place))}{_because(task)}"
    said = [*_altered(whole.own(task)), *_new(task, whole)]
    if said:
        yield ""
        yield from said
    yield from _old(task)
    yield from _table(task.rows)


def _because(task: TaskReview) -> str:
    """Why it is reviewed, where that is not plain to see."""
    ways = [reason for reason in task.reasons if reason.place is not None and not reason.text.startswith("it is new")]
    if not ways or task.is_new or ways[0].text.startswith("its code"):
        return ""
    reason = ways[0]
    steps = " → ".join(code(_at(step)) for step in reason.steps[:4])
    through = f", through {steps}" if steps else ""
    assert reason.place is not None
    return f": {prose(reason.text)} ({code(_at(reason.place))}){through}"


def _altered(alterations: Sequence[Alteration]) -> Iterator[str]:
    for each in alterations:
        more = f" {prose(_sentence(each.consequence))}" if each.consequence else ""
        yield f"- {_MARKS[each.severity]} {prose(_sentence(each.text))}{more}{_where(each.place)}"


def _new(task: TaskReview, whole: Digest) -> Iterator[str]:
    for problem in new_problems(task):
        if not whole.is_common(problem):
            yield from _problem(problem)


def _problem(problem: Problem) -> Iterator[str]:
    name = f"[{problem.name}]({problem.url})" if problem.url else problem.name
    said = prose(_sentence(problem.message))
    yield f"- {_MARKS[problem.severity]} {said} {code(_at(problem.place))} ({name}, {problem.code})"
    for note in problem.related[:_MOST_RELATED]:
        if note.place != problem.place:
            yield f"  - {prose(note.message)}: {code(_at(note.place))}"
    if problem.fix is not None:
        yield f"  - fix: {prose(problem.fix)} (`celery-lint --fix`)"


def _old(task: TaskReview) -> Iterator[str]:
    found = old_problems(task)
    if not found:
        return
    yield ""
    were = "was" if len(found) == 1 else "were"
    yield f"<details><summary>{counted(len(found), 'problem')} that {were} there before</summary>"
    yield ""
    for problem in found:
        yield from _problem(problem)
    yield ""
    yield "</details>"


def _table(rows: Sequence[Row]) -> Iterator[str]:
    yield ""
    yield f"<details><summary>{counts(rows)}</summary>"
    yield ""
    yield "| | | |"
    yield "|---|---|---|"
    for row in rows:
        why = f"<br>Not known: {prose(row.why)}" if row.why and row.state == "unknown" else ""
        yield f"| {_STATES[row.state]} | {row.kind} | {cell(prose(row.text) + _codes(row) + why)} |"
    yield ""
    yield "</details>"


def _codes(row: Row) -> str:
    named = ", ".join(dict.fromkeys(problem.code for problem in row.problems))
    return f" ({named})" if named else ""


def _where(place: Place | None) -> str:
    return f" {code(_at(place))}" if place is not None else ""


def _at(place: Place) -> str:
    return place.path if place.path == "." else f"{place.path}:{place.line}"


def _sentence(text: str) -> str:
    """TEXT with a capital letter and a full stop."""
    whole = text[:1].upper() + text[1:] if text[:1] != "`" else text
    return whole if whole.endswith((".", "!", "?")) else f"{whole}."
