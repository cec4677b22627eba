"""A review as a busy engineer reads it: what matters first, and said once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence

from msgspec import Struct

from celery_lint.views.model import Place, Severity
from celery_lint.views.phrases import RANKS, counted
from celery_lint.views.review.model import Alteration, Problem, Review, Row, SettingChange, TaskReview
from celery_lint.views.review.settings import HIDDEN
from celery_lint.views.words import joined

# What befalls so many tasks in the same way is said once.
_SEVERAL = 2
_MOST = 3
_CURED = 5
_ORDER: tuple[Severity, ...] = ("error", "warning", "info")
# With these the author had the task itself in hand.
_DIRECT = frozenset({"new", "code", "name", "call"})


class Group(Struct, frozen=True):
    """TASKS that the same befell: TEXT says what, CONSEQUENCE what that does, NOTES what is to be said of each."""

    text: str
    tasks: tuple[str, ...]
    severity: Severity | None = None
    consequence: str | None = None
    place: Place | None = None
    notes: tuple[str, ...] = ()


class Digest(Struct, frozen=True):
    """A REVIEW in the order in which it is read: TASKS that deserve a line of their own, the gravest first; GROUPS of
    tasks that the same befell; COMMON new problems with the tasks that have them; QUIET tasks, of which there is
    nothing to say. LINES are what to say of tasks one by one, or of those together of which there is nothing new."""

    review: Review
    tasks: tuple[TaskReview, ...] = ()
    groups: tuple[Group, ...] = ()
    common: tuple[tuple[Problem, tuple[str, ...]], ...] = ()
    quiet: tuple[Group, ...] = ()
    lines: tuple[Group, ...] = ()

    def own(self, task: TaskReview) -> tuple[Alteration, ...]:
        """What the change made of TASK that is not said of several at once, the gravest first."""
        said = {(group.text, group.consequence) for group in self.groups}
        kept = [each for each in task.alterations if (each.shared or each.text, each.consequence) not in said]
        return tuple(sorted(kept, key=lambda each: RANKS[each.severity]))

    def problems(self, task: TaskReview) -> tuple[Problem, ...]:
        """The new problems of TASK that are not said of several at once, the gravest first."""
        said = {(problem.code, problem.message) for problem, _ in self.common}
        return tuple(each for each in new_problems(task) if (each.code, each.message) not in said)

    def has_news(self, task: TaskReview) -> bool:
        """Whether there is more to say of TASK than that it was looked at."""
        return bool(self.own(task) or self.problems(task))


def digest(review: Review) -> Digest:
    """REVIEW, ordered."""
    said = Digest(review, (), tuple(_groups(review)), tuple(_common(review)))
    telling = [task for task in review.tasks if said.has_news(task) or _is_direct(task)]
    spoken = {name for group in said.groups for name in group.tasks} | {
        name for _, names in said.common for name in names
    }
    rest = [task for task in review.tasks if task not in telling and task.name not in spoken]
    listed = tuple(_listed([task for task in telling if said.has_news(task) or task.name not in spoken], said))
    return Digest(review, tuple(sorted(telling, key=_rank)), said.groups, said.common, tuple(_quiet(rest)), listed)


def worst(task: TaskReview) -> Severity | None:
    """How grave the gravest new problem or alteration of TASK is; None when there is neither."""
    return _worst_of(new_problems(task), task.alterations)


def new_problems(task: TaskReview) -> tuple[Problem, ...]:
    """The problems of TASK that the change brought, the gravest first."""
    return _problems(task, is_new=True)


def headline(task: TaskReview, whole: Digest) -> str:
    """What there is to say of TASK, in one line."""
    parts = [each.short for each in whole.own(task)[:_MOST]]
    said = [problem for row in task.rows for problem in row.problems if _is_said(problem, row, whole.own(task))]
    names = list(dict.fromkeys(problem.name for problem in whole.problems(task) if problem not in said))
    if not parts and not names:
        names = list(dict.fromkeys(problem.name for problem in new_problems(task)))
    parts += [*names[:_MOST], *([f"{len(names) - _MOST} more"] if len(names) > _MOST else [])]
    if parts:
        return "; ".join(parts)
    before = list(dict.fromkeys(problem.name for problem in _problems(task, is_new=False)))
    if not before:
        return "nothing stands out"
    rest = [f"{len(before) - _MOST} more"] if len(before) > _MOST else []
    return f"nothing new; as before: {joined([*before[:_MOST], *rest])}"


def is_told(alteration: Alteration, task: TaskReview) -> bool:
    """Whether a new problem of TASK says what comes of ALTERATION."""
    problems = [problem for row in task.rows if row.kind == alteration.kind for problem in row.problems]
    return any(each.is_new and RANKS[each.severity] <= RANKS[alteration.severity] for each in problems)


def _is_said(problem: Problem, row: Row, alterations: Sequence[Alteration]) -> bool:
    """Whether one of ALTERATIONS says in short what PROBLEM says."""
    same = [each for each in alterations if each.kind == row.kind]
    return any(RANKS[each.severity] <= RANKS[problem.severity] and each.severity != "info" for each in same)


def counts(rows: Sequence[Row]) -> str:
    """`9 passed, 2 not known`"""
    names = {"failed": "failed", "passed": "passed", "unknown": "not known"}
    found = [(sum(row.state == state for row in rows), word) for state, word in names.items()]
    return ", ".join(f"{count} {word}" for count, word in found if count)


def gravest(row: Row) -> Severity | None:
    """How grave the gravest problem of ROW is, old or new; None when it has none."""
    return _gravest([problem.severity for problem in row.problems])


def failing(row: Row) -> str:
    """The rules that ROW failed by, and whether that is new: ``missing-time-limit, as before``."""
    fresh = dict.fromkeys(problem.name for problem in row.problems if problem.is_new)
    before = dict.fromkeys(problem.name for problem in row.problems if not problem.is_new and problem.name not in fresh)
    parts = [", ".join(fresh), f"{', '.join(before)}, as before" if before else ""]
    return "; ".join(part for part in parts if part)


def setting(change: SettingChange) -> str:
    """What became of a setting, in one line."""
    named = f"`{change.name}` of `{change.app}`"
    if HIDDEN in (change.before, change.after):
        return f"{named} is {'not set any more' if change.after is None else _hidden(change)}"
    if change.after is None:
        return f"{named} is not set any more; it was `{change.before}`"
    return f"{named} is `{change.after}` now" + (f", `{change.before}` before" if change.before is not None else "")


def _hidden(change: SettingChange) -> str:
    return "set now" if change.before is None else "written otherwise now"


def cured(review: Review) -> str | None:
    """Which rules find less than before the change; None when there is no such."""
    found: dict[str, int] = defaultdict(int)
    for problem in review.cured:
        found[problem.name] += 1
    named = [name if count == 1 else f"{name} ({count})" for name, count in found.items()]
    rest = [f"{len(named) - _CURED} more"] if len(named) > _CURED else []
    return f"not found any more: {joined([*named[:_CURED], *rest])}" if named else None


def verdict(review: Review) -> str:
    """The whole review in one sentence."""
    since = f" since {review.since if ' ' in review.since else f'`{review.since}`'}" if review.since else ""
    beside = f", {counted(len(review.settings), 'setting')} changed" if review.settings else ""
    beside += f", {counted(len(review.beside), 'problem')} beside" if review.beside else ""
    beside = (f", {counted(len(review.gone), 'task')} gone" if review.gone else "") + beside
    if not review.tasks:
        return f"no task is touched{since}{beside}" if since else f"there is no task{beside}"
    graves = [worst(task) for task in review.tasks]
    errors, warnings = graves.count("error"), graves.count("warning")
    parts = [f"{errors} will fail"] if errors else []
    parts += [f"{warnings} need{'s' if warnings == 1 else ''} a look"] if warnings else []
    head = f"{counted(len(review.tasks), 'task')} {'touched' if review.since is not None else 'reviewed'}{since}"
    return f"{head}: {', '.join(parts) or 'nothing in the way'}{beside}"


def _worst_of(problems: Iterable[Problem], alterations: Iterable[Alteration]) -> Severity | None:
    return _gravest([*(each.severity for each in problems), *(each.severity for each in alterations)])


def _gravest(severities: Collection[Severity]) -> Severity | None:
    return next((severity for severity in _ORDER if severity in severities), None)


def _problems(task: TaskReview, *, is_new: bool) -> tuple[Problem, ...]:
    found = dict.fromkeys(problem for row in task.rows for problem in row.problems if problem.is_new is is_new)
    return tuple(sorted(found, key=lambda problem: RANKS[problem.severity]))


def _rank(task: TaskReview) -> tuple[int, bool]:
    severity = worst(task)
    return len(RANKS) if severity is None else RANKS[severity], not task.is_new


def _is_direct(task: TaskReview) -> bool:
    return not task.reasons or any(reason.cause in _DIRECT for reason in task.reasons)


def _groups(review: Review) -> Iterator[Group]:
    found: dict[tuple[str, str | None], list[tuple[TaskReview, Alteration]]] = defaultdict(list)
    for task in review.tasks:
        for each in task.alterations:
            found[(each.shared or each.text, each.consequence)].append((task, each))
    for (text, consequence), same in found.items():
        if len(same) >= _SEVERAL:
            first = same[0][1]
            places = {each.place for _, each in same}
            place = places.pop() if len(places) == 1 else None
            notes = tuple(each.text for _, each in same) if first.shared is not None else ()
            yield Group(text, tuple(task.name for task, _ in same), first.severity, consequence, place, notes)


def _common(review: Review) -> Iterator[tuple[Problem, tuple[str, ...]]]:
    found: dict[tuple[str, str], list[tuple[Problem, str]]] = defaultdict(list)
    for task in review.tasks:
        for problem in new_problems(task):
            found[(problem.code, problem.message)].append((problem, task.name))
    several = [same for same in found.values() if len(same) >= _SEVERAL]
    for same in sorted(several, key=lambda same: RANKS[same[0][0].severity]):
        yield same[0][0], tuple(name for _, name in same)


def _listed(tasks: Sequence[TaskReview], said: Digest) -> Iterator[Group]:
    """One line for each of TASKS that has news, then the others by what is to be said of them."""
    others: dict[str, list[str]] = defaultdict(list)
    for task in sorted(tasks, key=_rank):
        if said.has_news(task):
            severity = _worst_of(said.problems(task), said.own(task))
            yield Group(headline(task, said), (task.name,), severity, None, task.place)
        else:
            others[headline(task, said)].append(task.name)
    yield from (Group(text, tuple(names)) for text, names in others.items())


def _quiet(tasks: Iterable[TaskReview]) -> Iterator[Group]:
    """TASKS by the reason why they are reviewed."""
    found: dict[tuple[str, Place | None], list[str]] = defaultdict(list)
    for task in tasks:
        reason = task.reasons[0]
        found[(reason.text, reason.place)].append(task.name)
    for (text, place), names in found.items():
        # "3 tasks run it", "1 task runs it".
        said = text.replace("runs ", "run ", 1) if len(names) > 1 and text.startswith("runs ") else text
        yield Group(said, tuple(names), None, None, place)
