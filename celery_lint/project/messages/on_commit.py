"""How to send a task when the transaction commits: what replaces a call that sends it now."""

from __future__ import annotations

from celery_lint.facts.model import Call
from celery_lint.finding import Applicability, Span
from celery_lint.project.calls.calls import TaskCall
from celery_lint.project.code.patterns import Pattern
from celery_lint.project.project import Project
from celery_lint.remedy import EditCode, Replacement

_DJANGO = Pattern(rb"DJANGO_SETTINGS_MODULE")


def on_commit_instead(call: TaskCall, project: Project) -> EditCode:
    """`task.delay_on_commit(…)` where there surely is such a method, else `transaction.on_commit(partial(…))`."""
    if has_on_commit(call, project):
        end = call.call.callee.span.end
        added = Replacement(Span(end, end), "", "_on_commit")
        return EditCode(call.path, f"Send it with `.{call.method}_on_commit`", (added,))
    return made_on_commit(call.path, call.call, project)


def made_on_commit(path: str, call: Call, project: Project) -> EditCode:
    """`transaction.on_commit(partial(…))` in the place of CALL."""
    later = as_partial(path, call, project)
    imports = ("django.db:transaction", *([_partial(path, project)] if later.startswith("${") else []))
    new = Replacement(call.span, _text(path, call.span, project), f"${{django.db:transaction}}.on_commit({later})")
    return EditCode(path, "Send it with `transaction.on_commit`", (new,), imports)


def partial_instead(path: str, replaced: Span, call: Call, project: Project, applicability: Applicability) -> EditCode:
    """`functools.partial(task.delay, …)` in the place of REPLACED, which makes or holds CALL."""
    new = Replacement(replaced, _text(path, replaced, project), as_partial(path, call, project))
    return EditCode(path, "Hand over the call, to be made on commit", (new,), (_partial(path, project),), applicability)


def as_partial(path: str, call: Call, project: Project) -> str:
    """CALL as text that makes it later, with its arguments as they are now."""
    callee = _text(path, call.callee.span, project)
    given = _text(path, Span(call.callee.span.end, call.span.end), project).strip()[1:-1]
    arguments = given.lstrip(" ") if given.strip() else ""
    between = "," if arguments.startswith(("\n", "\r")) else ", "
    partial = _partial(path, project)
    name = f"${{{partial}}}" if ":" in partial else f"${{{partial}}}.partial"
    return f"{name}({callee}{between}{arguments})" if arguments else callee


def _partial(path: str, project: Project) -> str:
    """`functools.partial` the way the file has it already, as an import of `EditCode`."""
    imported = project.index(path).imported.values()
    has_it = any(item.module == "functools" and item.name == "partial" for item in imported)
    return "functools:partial" if has_it else "functools"


def has_on_commit(call: TaskCall, project: Project) -> bool:
    """Whether the task has `delay_on_commit`: Celery 5.4, in a Django project, with Celery's own task class."""
    task, release = call.task, project.celery
    if call.by_name or call.method not in ("delay", "apply_async") or task.function is None:
        return False
    if not release.is_known or not release.at_least("5.4") or task.base is not None or task.base_is_unknown:
        return False
    if task.options_open or task.custom_decorator or any(app.task_class for app in project.apps_of(task)):
        return False
    return project.files.is_mentioned(_DJANGO)


def _text(path: str, span: Span, project: Project) -> str:
    return project.files.data(path)[span.start : span.end].decode("utf-8", "replace")
