"""A review as a busy engineer reads it: what matters first, said once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from celery_lint.views.model import Place, Severity
from celery_lint.views.phrases import RANKS, counted
from celery_lint.views.review.model import Alteration, Problem, Review, Row, TaskReview

# Befalls the change so many tasks in the same way, it is said once.
_SEVERAL = 3
_WORST = 3
_ORDER: tuple[Severity, ...] = ("error", "warning", "info")


@dataclass(frozen=True)
class Group:
    """TASKS that the same befell: TEXT says what, CONSEQUENCE what that does."""

    text: str
    tasks: tuple[str, ...]
    severity: Severity | None = None
    consequence: str | None = None
    place: Place | None = None


@dataclass(frozen=True)
class Digest:
    """A REVIEW in the order in which it is read: TASKS with something to say, GROUPS of tasks that the same befell,
    QUIET tasks of which there is nothing to say, COMMON problems that several tasks have."""

    review: Review
    tasks: tuple[TaskReview, ...]
    groups: tuple[Group, ...]
    quiet: tuple[Group, ...]
    common: tuple[tuple[Problem, tuple[str, ...]], ...]

    def is_common(self, problem: Problem) -> bool:
        """Whether PROBLEM is said of several tasks at once."""
        return any(_same(problem, other) for other, _ in self.common)

    def own(self, task: TaskReview) -> tuple[Alteration, ...]:
        """What the change made of TASK that is not said of several at once, the gravest first."""
        said = {(group.text, group.consequence) for group in self.groups}
        kept = [each for each in task.alterations if (each.text, each.consequence) not in said]
        return tuple(sorted(kept, key=lambda each: RANKS[each.severity]))


def digest(review: Review) -> Digest:
    """REVIEW, ordered."""
    groups = tuple(_groups(review))
    common = tuple(_common(review))
    draft = Digest(review, (), groups, (), common)
    telling = [task for task in review.tasks if _tells(task, draft)]
    rest = [task for task in review.tasks if task not in telling]
    return Digest(review, tuple(sorted(telling, key=rank)), groups, tuple(_quiet(rest)), common)


def worst(task: TaskReview) -> Severity | None:
    """How grave the gravest new problem or alteration of TASK is; None when there is neither."""
    found: list[Severity] = [problem.severity for problem in new_problems(task)]
    found += [each.severity for each in task.alterations]
    return next((severity for severity in _ORDER if severity in found), None)


def rank(task: TaskReview) -> tuple[int, bool]:
    """How tasks are ordered: the gravest first, then the new ones."""
    severity = worst(task)
    return len(RANKS) if severity is None else RANKS[severity], not task.is_new


def new_problems(task: TaskReview) -> tuple[Problem, ...]:
    """The problems of TASK that the change brought, the gravest first."""
    found = dict.fromkeys(problem for row in task.rows for problem in row.problems if problem.is_new)
    return tuple(sorted(found, key=lambda problem: RANKS[problem.severity]))


def old_problems(task: TaskReview) -> tuple[Problem, ...]:
    """The problems that TASK had before the change, the gravest first."""
    found = dict.fromkeys(problem for row in task.rows for problem in row.problems if not problem.is_new)
    return tuple(sorted(found, key=lambda problem: RANKS[problem.severity]))


def headline(task: TaskReview, whole: Digest) -> str:
    """What there is to say of TASK, in one line."""
    parts = [each.short for each in whole.own(task)[:_WORST]]
    names = list(dict.fromkeys(problem.name for problem in new_problems(task)))
    parts += names[:_WORST]
    if len(names) > _WORST:
        parts.append(f"{len(names) - _WORST} more")
    if parts:
        return "; ".join(parts)
    before = len(old_problems(task))
    if before:
        return f"nothing new; {counted(before, 'problem')} from before"
    return "nothing stands out"


def counts(rows: Sequence[Row]) -> str:
    """`9 passed, 2 not known`"""
    names = {"failed": "failed", "passed": "passed", "unknown": "not known", "not applicable": "not applicable"}
    found = [(sum(row.state == state for row in rows), word) for state, word in names.items()]
    return ", ".join(f"{count} {word}" for count, word in found if count)


def verdict(review: Review) -> str:
    """The whole review in one sentence."""
    graves = [worst(task) for task in review.tasks]
    tasks = counted(len(review.tasks), "task")
    if not review.tasks and not review.gone and not review.beside:
        return "no task is concerned"
    parts = [
        f"{counted(count, 'fails', 'fail')}" if word == "error" else f"{counted(count, 'needs', 'need')} a look"
        for word in ("error", "warning")
        if (count := graves.count(word))
    ]
    return f"{tasks} concerned" + (f": {', '.join(parts)}" if parts else ", nothing in the way" if review.tasks else "")


def _tells(task: TaskReview, draft: Digest) -> bool:
    """Whether TASK deserves a line of its own."""
    if task.is_new or draft.own(task) or any(not draft.is_common(problem) for problem in new_problems(task)):
        return True
    return not task.reasons or any(
        reason.text.startswith(("its code", "it uses", "what sends")) for reason in task.reasons
    )


def _groups(review: Review) -> Iterator[Group]:
    found: dict[tuple[str, str | None], list[tuple[TaskReview, Alteration]]] = defaultdict(list)
    for task in review.tasks:
        for each in task.alterations if not task.is_new else ():
            found[(each.text, each.consequence)].append((task, each))
    for (text, consequence), same in found.items():
        if len(same) >= _SEVERAL:
            first = same[0][1]
            yield Group(text, tuple(task.name for task, _ in same), first.severity, consequence, first.place)


def _common(review: Review) -> Iterator[tuple[Problem, tuple[str, ...]]]:
    found: dict[tuple[str, Place, str], list[tuple[Problem, str]]] = defaultdict(list)
    for task in review.tasks:
        for problem in dict.fromkeys(problem for row in task.rows for problem in row.problems):
            found[(problem.code, problem.place, problem.message)].append((problem, task.name))
    for same in found.values():
        if len(same) >= _SEVERAL:
            yield same[0][0], tuple(name for _, name in same)


def _same(one: Problem, other: Problem) -> bool:
    return (one.code, one.place, one.message) == (other.code, other.place, other.message)


def _quiet(tasks: Sequence[TaskReview]) -> Iterator[Group]:
    """TASKS by the reason why they are reviewed."""
    found: dict[tuple[str, Place | None], list[str]] = defaultdict(list)
    for task in tasks:
        reason = task.reasons[0]
        found[(reason.text, reason.place)].append(task.name)
    for (text, place), names in found.items():
        yield Group(text, tuple(names), None, None, place)
