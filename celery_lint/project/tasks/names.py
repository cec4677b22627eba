"""LINK: the names that Celery gives to tasks (celery/app/base.py: gen_task_name): module and function."""

from __future__ import annotations

from celery_lint.project.code.roots import Roots
from celery_lint.project.code.symbols import Symbols
from celery_lint.project.code.values import Evaluator, Known
from celery_lint.project.model import Option
from celery_lint.project.settings.apps import Apps, Draft
from celery_lint.project.tasks.tasks import TaskDraft


def task_names(draft: TaskDraft, name: Option | None, apps: Apps, roots: Roots) -> tuple[str, ...]:
    """The names a task can have: its own, else one for every folder the worker may import from.

    Empty when the name is computed: given as an expression, or by an app that overrides `gen_task_name`.
    """
    if name is not None:
        return _explicit(name, apps.evaluator)
    drafts = draft.declaration.apps or apps.drafts
    if any(_generates_names(item, apps.symbols) for item in drafts):
        return ()
    if draft.cls is not None:
        return tuple(f"{module}.{draft.cls.name}" for module in roots.names_of(draft.path))
    assert draft.function is not None
    if draft.declaration.custom is not None and draft.declaration.custom.path != draft.path and not draft.function:
        return ()
    return tuple(f"{module}.{draft.function.name}" for module in roots.names_of(draft.path))


def _explicit(name: Option, evaluator: Evaluator) -> tuple[str, ...]:
    known = evaluator.text(name.value)
    return (known.value,) if isinstance(known, Known) else ()


def _generates_names(draft: Draft, symbols: Symbols) -> bool:
    return draft.app_class is not None and symbols.method(draft.app_class, "gen_task_name") is not None
