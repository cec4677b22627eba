"""CEL608: tasks that wait for other tasks."""

from __future__ import annotations

from collections.abc import Iterator

from celery_lint.facts.model import Call
from celery_lint.finding import Finding, Related, Severity
from celery_lint.project.calls.results import Wait, entered
from celery_lint.project.code.expressions import last_name, within
from celery_lint.project.code.values import Known, Placed
from celery_lint.project.deployment.workers import GREEN
from celery_lint.project.model import Reached, Task
from celery_lint.project.project import Project
from celery_lint.rule import ERROR, HIGH, INFO, WARNING, rule

_INSTEAD = "let Celery put them together: a chain, a chord, or `self.replace()`"
# Code that asks whether it runs in a task knows what it does.
_ASKING = frozenset({"current_task", "current_worker_task", "called_directly", "task_join_will_block"})


@rule("CEL608", "result-get-in-task", since="0.1", severity=ERROR, confidence=HIGH)
def check(reached: Reached, project: Project) -> Iterator[Finding]:
    """A task waits for the result of another task."""
    if reached.task is None:
        return
    index = project.index(reached.function.path)
    for wait in project.results.waits(reached.function.path):
        function = index.function_at(wait.call.block)
        if function is None or function.block != reached.function.block:
            continue
        if _asks(wait, project) or (_is_allowed(wait, project) and _never_waits(wait, project)):
            continue
        severity, why = _consequence(wait, reached, project)
        yield check.finding(
            f"`.{wait.method}()` waits for another task in {reached.shown}: {why}",
            wait.location,
            reached.entity,
            related=(Related(wait.result.origin, "the result comes from here"), *reached.path()),
            severity=severity,
        )
    for poll in project.results.polls(reached.function.path):
        function = index.function_at(poll.block)
        if function is not None and function.block == reached.function.block:
            yield check.finding(
                f"{reached.shown} waits in a loop until another task is done, and keeps a pool slot that this task may "
                f"need; {_INSTEAD}",
                poll.location,
                reached.entity,
                related=reached.path(),
                severity=WARNING,
            )


def _consequence(wait: Wait, reached: Reached, project: Project) -> tuple[Severity, str]:
    if wait.result.made == "eager":
        return ERROR, "Celery raises RuntimeError even for what `.apply()` has run already; call the task as a function"
    if _ignores_result(wait.result.task, project):
        return WARNING, "that task ignores its result, so this is None at once, whatever the task does"
    if _is_allowed(wait, project):
        return INFO, f"it is allowed here, but a worker whose slots all wait for each other stands still; {_INSTEAD}"
    pools = [project.pools_of(task) for task in project.tasks_reaching(reached.function)]
    if pools and all(found is not None and found <= GREEN for found in pools):
        return WARNING, f"greenlets that all wait for each other stand still; {_INSTEAD}"
    return ERROR, f"Celery raises RuntimeError (`Never call result.get() within a task!`); {_INSTEAD}"


def _ignores_result(task: Task | None, project: Project) -> bool:
    option = task.option("ignore_result") if task is not None else None
    if option is not None:
        return project.evaluator.scalar(option.value) == Known(True)
    apps = project.apps_of(task) if task is not None else ()
    settings = [app.settings.get("task_ignore_result") for app in apps]
    return bool(settings) and all(
        setting is not None and project.evaluator.scalar(setting.value) == Known(True) for setting in settings
    )


def _is_allowed(wait: Wait, project: Project) -> bool:
    given = wait.call.argument(None, "disable_sync_subtasks")
    if given is not None:
        placed = Placed(wait.path, wait.call.block, given.value)
        return project.evaluator.scalar(placed) != Known(True)
    around = entered(project.index(wait.path), wait.call.block)
    return any(isinstance(value, Call) and last_name(value.callee) == "allow_join_result" for value in around)


def _never_waits(wait: Wait, project: Project) -> bool:
    """`get(timeout=0)`, as error callbacks do: the result is there, or an error."""
    given = wait.call.argument(0, "timeout")
    return given is not None and project.evaluator.scalar(Placed(wait.path, wait.call.block, given.value)) == Known(0)


def _asks(wait: Wait, project: Project) -> bool:
    """Whether an `if` around the call asks if this is a task at all."""
    index = project.index(wait.path)
    tests = (index.block(number).value for number in index.up(wait.call.block))
    return any(last_name(value) in _ASKING for test in tests if test is not None for value in within(test))
