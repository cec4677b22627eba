"""CEL603: options of a message that mean nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import Struct

from celery_lint.celery_versions import Table, plugins
from celery_lint.facts.model import Call
from celery_lint.finding import Finding, Location, Related, Span
from celery_lint.project.calls.arguments import parameters, sends_as_celery
from celery_lint.project.calls.calls import TaskCall
from celery_lint.project.calls.canvas import Canvas
from celery_lint.project.code.expressions import last_name
from celery_lint.project.code.nearest import misspelt
from celery_lint.project.code.placed import Placed
from celery_lint.project.code.settled import settled_entries
from celery_lint.project.code.symbols import ClassRef
from celery_lint.project.model import Task
from celery_lint.project.project import Project
from celery_lint.remedy import EditCode, Remedy, Replacement
from celery_lint.rule import HIGH, WARNING, rule

# What other queues, and other functions of Celery, call them.
_OTHER_NAMES = {"delay": "countdown", "queue_name": "queue", "uuid": "task_id"}


class _Options(Struct, frozen=True):
    """The options of one message: WHAT they are given to, the CALL that names them, or None for a dict. ARGUMENTS are
    the names of those that the task gets."""

    what: str
    path: str
    options: Mapping[str, Placed]
    is_signature: bool
    entity: str
    task: Task | None
    call: Call | None = None
    arguments: frozenset[str] = frozenset()


@rule("CEL603", "unknown-apply-async-option", since="0.1", severity=WARNING, confidence=HIGH, fix="unsafe")
def check(project: Project) -> Iterator[Finding]:
    """An option of a call is misspelt, or belongs to the task: Celery takes it and does nothing."""
    table, extra = project.celery.table, _of_plugins()
    for given in (*_of_calls(project), *_of_signatures(project), *_of_schedules(project)):
        if "stamped_headers" in given.options:
            continue  # any name may be a stamp
        known = (table.signature_options if given.is_signature else table.call_options) | extra
        for name, value in given.options.items():
            problem, meant = _problem(name, known, table, is_signature=given.is_signature)
            if problem is None or meant is not None:
                problem, meant = _argument(name, known, given, project) or (problem, meant)
            if problem is not None:
                yield _finding(given, name, value, problem, meant)


def _of_calls(project: Project) -> Iterator[_Options]:
    for call in project.calls:
        if call.options and call.method != "apply" and _is_celerys(call, project):
            what = f"`.{call.method}()`"
            names = frozenset(call.kwargs)
            yield _Options(what, call.path, call.options, call.signs, call.task.entity, call.task, call.call, names)


def _of_signatures(project: Project) -> Iterator[_Options]:
    """`add.s(1).set(queue="x")`, `chain(…).apply_async(queue="x")`"""
    for sent in project.canvases.sent:
        if isinstance(sent.part, Canvas) and sent.part.kind == "chord":
            continue  # takes options of its own: `interval`, `max_retries`
        task = sent.signed.call.task if sent.signed is not None else None
        if task is not None and sends_as_celery(task, project):
            method = last_name(sent.call.callee)
            yield _Options(f"`.{method}()`", sent.path, sent.options, True, task.entity, task, sent.call)


def _of_schedules(project: Project) -> Iterator[_Options]:
    """The `options` of schedule entries."""
    for entry in project.schedule:
        given = entry.fields.get("options")
        if given is not None and not entry.is_call:
            options, _ = settled_entries(given, project.evaluator)
            yield _Options(
                f"the `options` of schedule entry `{entry.key}`", given.path, options, False, entry.entity, None
            )


def _is_celerys(call: TaskCall, project: Project) -> bool:
    if not sends_as_celery(call.task, project):
        return False
    own = [app.app_class for app in project.apps if isinstance(app.app_class, ClassRef)]
    return all(project.symbols.method(app, "send_task") is None for app in own)


def _of_plugins() -> frozenset[str]:
    return frozenset(name for plugin in plugins() for name in plugin.call_options | plugin.entry_options)


def _problem(name: str, known: frozenset[str], table: Table, *, is_signature: bool) -> tuple[str | None, str | None]:
    """What is wrong with the option NAME, and which one is meant."""
    if name in known or name != name.lower():
        return None, None
    if name in table.task_options:
        return f"`{name}` is an option of the task and means nothing here", None
    if name in table.signature_arguments and not is_signature:
        return f"`{name}` is for signatures and means nothing here", None
    meant = _OTHER_NAMES.get(name) or misspelt(name, known)
    return (f"`{name}` is no option", meant) if meant is not None else (None, None)


def _argument(name: str, known: frozenset[str], given: _Options, project: Project) -> tuple[str, None] | None:
    """What is wrong with `add.apply_async(args=(1,), y=2)`, when the task works without `y`: else CEL601 says it."""
    takes = parameters(given.task, project) if given.task is not None and name not in known else None
    item = next((each for each in (*takes.plain, *takes.keyword_only) if each.name == name), None) if takes else None
    if item is None or (item.default is None and name not in given.arguments):
        return None
    return f"`{name}` is an argument of the task and belongs into `kwargs`: the task does not get it", None


def _finding(given: _Options, name: str, value: Placed, problem: str, meant: str | None) -> Finding:
    argument = next((each for each in (given.call.arguments if given.call else ()) if each.keyword == name), None)
    span = argument.span if argument is not None else value.span
    remedy = _remedy(given.path, span, name, meant) if argument is not None and meant is not None else None
    hint = f"; did you mean `{meant}`?" if meant is not None else ""
    return check.finding(
        f"{given.what}: {problem}{'' if 'argument of' in problem else '; it is sent along and nothing reads it'}{hint}",
        Location(value.path, span),
        given.entity,
        related=(Related(given.task.location, "the task"),) if given.task is not None else (),
        remedy=remedy,
        withheld="what it is there for cannot be told" if remedy is None else None,
    )


def _remedy(path: str, span: Span, name: str, meant: str) -> Remedy:
    word = Span(span.start, span.start + len(name))
    return EditCode(path, f"Rename it to {meant}", (Replacement(word, name, meant),))
