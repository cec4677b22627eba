"""`markdown`: a review as the comment on a pull request."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from celery_lint.views.model import Place, Severity
from celery_lint.views.phrases import counted
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
from celery_lint.views.review.escape import cell, code, prose, tagged
from celery_lint.views.review.model import Alteration, Gone, Note, Problem, Review, Row, TaskReview

_MARKS: dict[Severity | None, str] = {"error": "❌", "warning": "⚠️", "info": "ℹ️", None: "✅"}
# GitHub takes comments of 65,536 characters.
_ROOM = 60_000
_NAMES = 4
_STEPS = 5


def markdown(review: Review) -> str:
    """REVIEW as a comment."""
    whole = digest(review)
    listed = list(_list(whole))
    lines = [f"### celery-lint: {prose(verdict(review))}", *([""] if listed else []), *listed]
    for heading, section in (("In several tasks", _common), ("Beside the tasks", _beside)):
        found = list(section(whole))
        if found:
            lines += ["", f"#### {heading}", "", *found]
    telling = [task for task in whole.tasks if whole.has_news(task)]
    sections = [list(_details(task, whole)) for task in telling]
    checked = [list(_checked(task)) for task in whole.tasks if task not in telling]
    kept, left_out = _fitting([lines, *sections], _ROOM)
    below, more = _fitting(checked, _ROOM - sum(map(_size, kept))) if not left_out else ([], len(checked))
    return "\n".join(line for part in (*kept, *_folded(below), _rest(left_out + more)) for line in part) + "\n"


def _fitting(sections: Sequence[list[str]], room: int) -> tuple[list[list[str]], int]:
    """The first of SECTIONS, as many as ROOM is for, and how many others there are."""
    kept: list[list[str]] = []
    for section in sections:
        room -= _size(section)
        if room < 0:
            break
        kept.append(section)
    return kept, len(sections) - len(kept)


def _size(section: list[str]) -> int:
    return sum(len(line) + 1 for line in section)


def _folded(checked: list[list[str]]) -> list[list[str]]:
    """The checklists CHECKED of tasks with nothing new, behind one line."""
    if len(checked) < 2:
        return checked
    head = ["", f"<details><summary>Checklists of {counted(len(checked), 'task')} with nothing else new</summary>"]
    return [head, *checked, ["", "</details>"]]


def _rest(left_out: int) -> list[str]:
    if not left_out:
        return []
    return ["", f"_The comment has no room for {counted(left_out, 'task')} more: `--format json` has all._"]


# the list at the top


def _list(whole: Digest) -> Iterator[str]:
    yield from (_line(line) for line in whole.lines if line.severity is not None)
    for gone in whole.review.gone:
        yield from _gone(gone)
    yield from _shared(whole)
    yield from _settings(whole)
    fixed = cured(whole.review)
    if fixed is not None:
        yield f"- ✅ {fixed}"
    yield from (_line(line) for line in whole.lines if line.severity is None)
    for group in whole.quiet:
        yield f"- ✅ {_named(group.tasks)}: {prose(group.text)}{_where(group.place)}; nothing new"


def _line(line: Group) -> str:
    return f"- {_MARKS[line.severity]} {_named(line.tasks)}: {prose(line.text)}"


def _settings(whole: Digest) -> Iterator[str]:
    for each in whole.review.settings:
        more = f" {prose(_sentence(each.consequence))}" if each.consequence else ""
        yield f"- {_MARKS['warning' if each.consequence else 'info']} {prose(setting(each))}{_where(each.place)}.{more}"


def _shared(whole: Digest) -> Iterator[str]:
    """What befell several tasks; of the same ones, together."""
    said: dict[tuple[str, ...], list[tuple[Severity | None, str]]] = {}
    for group in whole.groups:
        if group.notes:
            yield from _each(group)
            continue
        more = f" {prose(_sentence(group.consequence))}" if group.consequence else ""
        text = f"{prose(_ended(group.text))}{more}{_where(group.place)}"
        said.setdefault(group.tasks, []).append((group.severity, text))
    for problem, tasks in whole.common:
        said.setdefault(tasks, []).append((problem.severity, problem.name))
    for tasks, lines in said.items():
        if len(lines) == 1:
            yield f"- {_MARKS[lines[0][0]]} {_named(tasks)}: {lines[0][1]}"
            continue
        yield f"- {_named(tasks)}:"
        yield from (f"  - {_MARKS[severity]} {text}" for severity, text in lines)


def _each(group: Group) -> Iterator[str]:
    """What befell several tasks, each in its own way."""
    more = f" {prose(_sentence(group.consequence))}" if group.consequence else ""
    yield f"- {_MARKS[group.severity]} {counted(len(group.tasks), 'task')} {prose(_ended(group.text))}{more}"
    for name, note in zip(group.tasks, group.notes, strict=True):
        yield f"  - {code(name)}: {prose(note)}"


def _gone(gone: Gone) -> Iterator[str]:
    yield (
        f"- {'❌' if gone.left else '⚠️'} {code(gone.name)} is gone: messages that still wait for it are discarded as "
        "unregistered"
    )
    for note in gone.left:
        yield f"  - {prose(note.message)}: {_at(note.place)}"


def _named(names: Sequence[str]) -> str:
    if len(names) == 1:
        return code(names[0])
    shown = ", ".join(code(name) for name in names[:_NAMES])
    more = f" and {len(names) - _NAMES} more" if len(names) > _NAMES else ""
    return f"{counted(len(names), 'task')} ({shown}{more})"


# problems that are not of one task


def _common(whole: Digest) -> Iterator[str]:
    for problem, _ in whole.common:
        yield from _problem(problem)


def _beside(whole: Digest) -> Iterator[str]:
    for problem in whole.review.beside:
        yield from _problem(problem)


# one task


def _details(task: TaskReview, whole: Digest) -> Iterator[str]:
    yield from ("", f"#### {code(task.name)}", "", f"{_at(task.place)}{_because(task)}", "")
    for each in whole.own(task):
        yield _altered(each, task)
    for problem in whole.problems(task):
        yield from _problem(problem)
    yield from _checklist(task.rows, f"Checklist: {counts(task.rows)}")


def _checked(task: TaskReview) -> Iterator[str]:
    """A task of which there is nothing to say but that it was looked at."""
    yield from _checklist(task.rows, f"{tagged(task.name)}: {counts(task.rows)}")


def _because(task: TaskReview) -> str:
    """Why it is reviewed, where that is not plain to see."""
    reason = next(iter(task.reasons), None)
    if reason is None or reason.place is None or reason.cause in ("new", "code"):
        return ""
    steps = " → ".join(_at(step) for step in reason.steps[:_STEPS])
    return f": {prose(reason.text)} ({_at(reason.place)}){f', through {steps}' if steps else ''}"


def _altered(each: Alteration, task: TaskReview) -> str:
    more = f" {prose(_sentence(each.consequence))}" if each.consequence and not is_told(each, task) else ""
    place = each.place if each.place != task.place else None
    return f"- {_MARKS[each.severity]} {prose(_sentence(each.text))}{more}{_where(place)}"


def _problem(problem: Problem) -> Iterator[str]:
    name = f"[{problem.name}]({problem.url})" if problem.url else problem.name
    places = ", ".join(_at(place) for place in (problem.place, *problem.also)[:_NAMES])
    yield f"- {_MARKS[problem.severity]} {prose(_sentence(problem.message))} {places} ({name}, {problem.code})"
    for line in _notes(problem.related):
        yield f"  - {line}"
    if problem.fix is not None:
        yield f"  - fix: {prose(problem.fix)} (`celery-lint --fix{'' if problem.is_safe else ' --unsafe-fixes'}`)"


def _notes(notes: Sequence[Note]) -> Iterator[str]:
    """NOTES, the steps of a way on one line."""
    way = [note for note in notes if note.message == "through this call"]
    for note in [note for note in notes if note not in way][:2]:
        yield f"{prose(note.message)}: {_at(note.place)}"
    if way:
        yield f"the way there: {' → '.join(_at(note.place) for note in way[:_STEPS])}"


def _checklist(rows: Sequence[Row], summary: str) -> Iterator[str]:
    yield from ("", f"<details><summary>{summary}</summary>", "", "| | | |", "|---|---|---|")
    for row in rows:
        if row.state != "not applicable":
            yield f"| {_mark(row)} | {row.kind} | {cell(_row(row))} |"
    idle = [row.kind for row in rows if row.state == "not applicable"]
    if idle:
        yield f"| · | not applicable | {', '.join(idle)} |"
    yield from ("", "</details>")


def _mark(row: Row) -> str:
    if row.state == "failed" and not row.problems:
        return _MARKS["info"]
    return "❔" if row.state == "unknown" else _MARKS[gravest(row)]


def _row(row: Row) -> str:
    text = ": ".join(part for part in (prose(row.text), failing(row)) if part)
    if row.why and row.state == "unknown":
        text += f"<br>not known: {prose(row.why)}"
    return text


def _where(place: Place | None) -> str:
    return f" ({_at(place)})" if place is not None else ""


def _at(place: Place) -> str:
    return "the project" if place.path == "." else code(f"{place.path}:{place.line}")


def _sentence(text: str) -> str:
    return _ended(text if text.startswith("`") else text[:1].upper() + text[1:])


def _ended(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."
