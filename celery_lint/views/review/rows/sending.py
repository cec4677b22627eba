"""Who sends the task, and what it sends itself."""

from __future__ import annotations

from celery_lint.project.calls.arguments import parameters
from celery_lint.project.calls.calls import TaskCall
from celery_lint.views.phrases import counted
from celery_lint.views.review.subject import Draft, Subject
from celery_lint.views.words import joined

_MANY = 4


def callers(subject: Subject) -> Draft:
    """Who sends the task, and whether what they give it fits."""
    calls = [call for call in subject.project.calls_of(subject.task) if call.method != "apply"]
    if not calls:
        only = "only the schedule sends it" if subject.schedule else "nothing in this repository is seen to send it"
        return Draft("callers", "not applicable", only)
    places = tuple(call.location for call in calls)
    text = f"sent from {counted(len({*places}), 'place')}: {_shown(subject, calls)}"
    if parameters(subject.task, subject.project) is None:
        why = "a decorator, a base class or computed options may change what its function gets"
        return Draft("callers", "unknown", text, why, places)
    open_ones = [call for call in calls if call.args is None or call.kwargs_open]
    if open_ones:
        why = f"the arguments at {_shown(subject, open_ones)} are computed"
        return Draft("callers", "unknown", text, why, places)
    return Draft("callers", "passed", text, places=places, fine="; the arguments fit")


def sends(subject: Subject) -> Draft:
    """Which tasks the code of the task sends."""
    code = frozenset(subject.code)
    calls = [call for call in subject.project.calls if call.function in code and call.method != "apply"]
    if not calls:
        return Draft("sends", "not applicable", "sends no other task")
    names = list(dict.fromkeys(f"`{call.task.name}`" for call in calls))
    rest = len(names) - _MANY
    shown = joined([*names[:_MANY], *([f"{rest} others"] if rest > 0 else [])])
    return Draft("sends", "passed", f"sends {shown}", places=tuple(call.location for call in calls))


def _shown(subject: Subject, calls: list[TaskCall]) -> str:
    places = list(dict.fromkeys(subject.at(call.location) for call in calls))
    rest = len(places) - _MANY
    return joined([*places[:_MANY], *([f"{rest} more"] if rest > 0 else [])])
