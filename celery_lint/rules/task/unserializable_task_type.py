"""CEL406: types that no message carries."""

from __future__ import annotations

from collections.abc import Iterator

from celery_lint.facts.model import Function, Parameter
from celery_lint.finding import Finding, Location
from celery_lint.project.code.symbols import FunctionRef
from celery_lint.project.code.values import Known, Placed, Unknown
from celery_lint.project.messages.serializable import (
    Fate,
    extends_json,
    fate_of_annotation,
    fate_of_value,
    serializer_of,
)
from celery_lint.project.model import App, Task
from celery_lint.project.project import Project
from celery_lint.project.tasks.options import Given, option_of
from celery_lint.project.tasks.plain import is_only_called
from celery_lint.rule import INFO, MEDIUM, WARNING, rule


@rule("CEL406", "unserializable-task-type", since="0.1", severity=WARNING, confidence=MEDIUM)
def check(task: Task, project: Project) -> Iterator[Finding]:
    """A parameter or result of a task is of a type that JSON does not carry."""
    if task.function is None or task.cls is not None or not project.is_called_by_celery(task):
        return
    if _takes_models(task, project) or extends_json(project):
        return
    fact = project.symbols.fact(task.function)
    if project.index(task.function.path).class_of(fact) is not None:
        return
    if serializer_of(task, project) == Known("json"):
        yield from _of_parameters(task, fact, project)
    if _stores_json(task, project):
        yield from _of_result(task, fact, project)


def _takes_models(task: Task, project: Project) -> bool:
    """Whether Celery turns Pydantic models into dicts and back."""
    option = task.option("pydantic")
    return option is not None and project.evaluator.scalar(option.value) != Known(False)


# parameters


def _of_parameters(task: Task, fact: Function, project: Project) -> Iterator[Finding]:
    for parameter in _parameters(task, fact, project):
        annotation = parameter.annotation
        assert task.function is not None
        if annotation is None or parameter.star or parameter.default is not None:
            continue
        if _is_made_anew(parameter, task.function, project) or _is_given_plain(parameter, task, fact, project):
            continue
        fate = fate_of_annotation(Placed(task.function.path, fact.outer, annotation), project)
        if fate is None or fate.kind == "carried":
            continue
        if is_only_called(task, project):
            return
        yield check.finding(
            _of_parameter(parameter.name, task, fate),
            Location(task.function.path, annotation.span),
            task.entity,
            severity=INFO if fate.kind == "changed" else WARNING,
        )


def _is_made_anew(parameter: Parameter, function: FunctionRef, project: Project) -> bool:
    """Whether the body makes something else of the parameter: `order = Order.objects.get(pk=order)`. The annotation
    says what it is afterwards."""
    return bool(project.symbols.assigned(function.path, function.block, f"%{parameter.name}"))


def _is_given_plain(parameter: Parameter, task: Task, fact: Function, project: Project) -> bool:
    """Whether the task is sent with something that JSON carries there: the annotation is wrong, not the call."""
    position = _parameters(task, fact, project).index(parameter)
    for call in project.calls_of(task):
        positional = call.args[position] if call.args is not None and position < len(call.args) else None
        given = call.kwargs.get(parameter.name, positional)
        fate = fate_of_value(given, project) if given is not None else None
        if fate is not None and fate.kind == "carried":
            return True
    return False


def _parameters(task: Task, fact: Function, project: Project) -> tuple[Parameter, ...]:
    bind = task.option("bind")
    is_bound = bind is not None and project.evaluator.scalar(bind.value) != Known(False)
    return fact.parameters[1:] if is_bound else fact.parameters


def _of_parameter(name: str, task: Task, fate: Fate) -> str:
    if fate.kind == "changed":
        return f"`{name}` of task `{task.name}` is {fate.what}: it goes through JSON, and arrives as {fate.arrives}"
    advice = "its primary key" if " model " in fate.what else "what it is made from"
    return (
        f"`{name}` of task `{task.name}` is {fate.what}, which JSON does not carry: sending one fails with an "
        f"EncodeError; send {advice}"
    )


# results


def _stores_json(task: Task, project: Project) -> bool:
    """Whether what TASK returns surely goes to a result backend as JSON."""
    ignored = option_of(task, "ignore_result", project)
    if isinstance(ignored, Unknown):
        return False
    if isinstance(ignored, Given) and project.evaluator.scalar(ignored.value) != Known(False):
        return False
    apps = project.apps_of(task)
    return bool(apps) and all(_keeps_json(app, project, asks=ignored is None) for app in apps)


def _keeps_json(app: App, project: Project, *, asks: bool) -> bool:
    """Whether APP has a result backend and writes JSON to it. ASKS: the task leaves it to the settings to ignore it."""
    backend = project.transports.result_backend(app)
    if backend is None or backend in (Known("disabled"), Known("disabled", True)):
        return False
    if isinstance(backend, Unknown) and app.settings.get("result_backend") is None:
        return False
    others = ["result_serializer", *(["task_ignore_result"] if asks else [])]
    expected = {"result_serializer": Known("json"), "task_ignore_result": Known(False)}
    for name in others:
        setting = app.settings.get(name)
        if setting is None and project.may_set(app, name):
            return False
        if setting is not None and project.evaluator.scalar(setting.value) != expected[name]:
            return False
    return True


def _of_result(task: Task, fact: Function, project: Project) -> Iterator[Finding]:
    """What is returned, wherever it is; one for each task."""
    assert task.function is not None
    path = task.function.path
    if fact.is_async or fact.is_generator:
        return
    for item in project.index(path).returns(fact):
        fate = fate_of_value(Placed(path, item.block, item.value), project) if item.value is not None else None
        if fate is not None and fate.kind == "refused":
            yield _result(task, fate, Location(path, item.span))
            return
    if fact.returns is not None:
        fate = fate_of_annotation(Placed(path, fact.outer, fact.returns), project)
        if fate is not None and fate.kind == "refused":
            yield _result(task, fate, Location(path, fact.returns.span))


def _result(task: Task, fate: Fate, at: Location) -> Finding:
    done = "" if fate.what == "a coroutine" else "the work is done, and "
    return check.finding(
        f"task `{task.name}` returns {fate.what}, which JSON does not carry: {done}the task fails with an EncodeError; "
        "return plain data, or nothing",
        at,
        task.entity,
    )
