"""CEL515: tasks that sleep in a pool slot."""

from __future__ import annotations

from collections.abc import Iterator

from celery_lint.facts.model import Call
from celery_lint.finding import Finding, Location, Related
from celery_lint.project.code.expressions import last_name
from celery_lint.project.code.index import FileIndex
from celery_lint.project.code.values import Known, Placed
from celery_lint.project.deployment.workers import GREEN
from celery_lint.project.model import Reached
from celery_lint.project.project import Project
from celery_lint.rule import HIGH, INFO, rule

# What a `Popen` and a `multiprocessing.Process` are asked.
_OF_CHILDREN = frozenset({"is_alive", "poll"})


@rule("CEL515", "long-sleep-in-task", since="0.1", severity=INFO, confidence=HIGH)
def check(reached: Reached, project: Project) -> Iterator[Finding]:
    """`time.sleep()` keeps a pool slot busy with waiting."""
    if reached.task is None:
        return
    index = project.index(reached.function.path)
    sleeps = [(call, why) for call in _sleeps(reached, project) if (why := _too_long(call, index, project)) is not None]
    if not sleeps or _on_green(reached, project):
        return
    first, why = sleeps[0]
    yield check.finding(
        f"`time.sleep()` {why} in {reached.shown}: the pool slot does nothing else meanwhile; let the task come back "
        "later with `self.retry(countdown=…)`, or send the rest of the work with `countdown`",
        Location(index.path, first.span),
        reached.entity,
        related=(
            *(Related(Location(index.path, call.span), "and here", again=True) for call, _ in sleeps[1:]),
            *reached.path(),
        ),
    )


def _sleeps(reached: Reached, project: Project) -> Iterator[Call]:
    index = project.index(reached.function.path)
    for call in index.calls(project.symbols.fact(reached.function)):
        if project.symbols.external(index.path, call.callee) == "time.sleep" and call.arguments:
            yield call


def _too_long(call: Call, index: FileIndex, project: Project) -> str | None:
    """What is wrong with a sleep: it is long, or stands in a loop that goes on until something happens. Fractions of a
    second in a loop wait for something that is nearly there; what sleeps in an `except` tries again a few times."""
    kinds = frozenset(index.kinds(call.block))
    if "while" in kinds and _watches_child(call, index):
        return None
    known = project.evaluator.scalar(Placed(index.path, call.block, call.arguments[0].value))
    seconds = known.value if isinstance(known, Known) else None
    if isinstance(seconds, int | float) and seconds >= project.options.max_sleep:
        return f"waits {seconds:g} seconds"
    is_short = isinstance(seconds, int | float) and seconds < 1
    return "waits in a loop" if "while" in kinds and "except" not in kinds and not is_short else None


def _watches_child(call: Call, index: FileIndex) -> bool:
    """Whether the function of CALL looks after a process that it started: whoever comes back later has lost it."""
    function = index.function_at(call.block)
    return function is not None and any(last_name(each.callee) in _OF_CHILDREN for each in index.calls(function))


def _on_green(reached: Reached, project: Project) -> bool:
    """Whether only greenlets sleep: they leave the thread to others."""
    pools = [project.pools_of(task) for task in project.tasks_reaching(reached.function)]
    return bool(pools) and all(found is not None and found <= GREEN for found in pools)
