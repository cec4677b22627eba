"""Which task of the old state is which of the new one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping

from celery_lint.project.code.symbols import FunctionRef
from celery_lint.views.review.subject import Subject


def pairs(now: Iterable[Subject], then: Iterable[Subject]) -> tuple[dict[Subject, Subject], list[Subject]]:
    """The tasks of NOW that there were THEN, with what they were; and the tasks that are gone.

    A task is the one of the same name; else the one of the same function, wherever that has gone; else the one with the
    same text.
    """
    left, old = list(now), list(then)
    found: dict[Subject, Subject] = {}
    for key in (_name, _place, _function, _body):
        new_by, old_by = _only(left, key), _only(old, key)
        matched = {subject: old_by[mark] for mark, subject in new_by.items() if mark in old_by}
        found |= matched
        taken = set(matched.values())
        left = [subject for subject in left if subject not in matched]
        old = [subject for subject in old if subject not in taken]
    return found, old


def _name(subject: Subject) -> Hashable:
    return subject.task.name


def _place(subject: Subject) -> Hashable:
    return subject.task.location.path, qualname(subject)


def _function(subject: Subject) -> Hashable:
    return qualname(subject)


def _body(subject: Subject) -> Hashable:
    own = subject.own_span
    text = " ".join(subject.project.source(own.path).text(own.span).split())
    return text.replace(qualname(subject).rpartition(".")[2], "", 1)


def qualname(subject: Subject) -> str:
    """What the code calls the task."""
    function: FunctionRef | None = subject.task.function
    return subject.project.symbols.fact(function).qualname if function is not None else subject.task.label


def _only(subjects: Iterable[Subject], key: Callable[[Subject], Hashable]) -> Mapping[Hashable, Subject]:
    """SUBJECTS by KEY, without those that share one."""
    found: dict[Hashable, list[Subject]] = defaultdict(list)
    for subject in subjects:
        found[key(subject)].append(subject)
    return {mark: same[0] for mark, same in found.items() if len(same) == 1}
