"""LINK: the names that Celery gives to tasks (celery/app/base.py: gen_task_name): module and function."""

from __future__ import annotations

from celery_lint.project.code.modules import Modules
from celery_lint.project.code.symbols import Symbols
from celery_lint.project.code.values import Evaluator, Known
from celery_lint.project.model import Option
from celery_lint.project.settings.apps import Apps, Draft
from celery_lint.project.tasks.tasks import TaskDraft


def task_names(draft: TaskDraft, name: Option | None, apps: Apps) -> tuple[str, ...]:
    """The names a task can have: its own, else one for every folder the worker may import from.

    Empty when the name is computed: given as an expression, or by an app that overrides `gen_task_name`.
    """
    if name is not None:
        return _explicit(name, apps.evaluator)
    drafts = draft.declaration.apps or apps.drafts
    if any(_generates_names(item, apps.symbols) for item in drafts):
        return ()
    if draft.cls is not None:
        return tuple(f"{module}.{draft.cls.name}" for module in module_names(draft.path, apps.symbols.modules))
    assert draft.function is not None
    if draft.declaration.custom is not None and draft.declaration.custom.path != draft.path and not draft.function:
        return ()
    return tuple(f"{module}.{draft.function.name}" for module in module_names(draft.path, apps.symbols.modules))


def _explicit(name: Option, evaluator: Evaluator) -> tuple[str, ...]:
    known = evaluator.text(name.value)
    return (known.value,) if isinstance(known, Known) else ()


def _generates_names(draft: Draft, symbols: Symbols) -> bool:
    return draft.app_class is not None and symbols.method(draft.app_class, "gen_task_name") is not None


def module_names(path: str, modules: Modules) -> list[str]:
    """The dotted names under which PATH can be imported, the likeliest first.

    Folders that imports of this project already work from decide; without any, every folder that is no package.
    A package counts among them when more imports work from it than from the folders around it: `src/__init__.py`
    makes no `src.shop` of the `shop` that everybody imports. Where a command starts always counts.
    """
    names = {_root(path, name): name for name in modules.names_of(path)}
    plain = [root for root in names if not modules.is_package(root)]
    most = max((modules.roots[root] for root in plain), default=0)
    least = {root: 0 if root in plain or root in modules.started else most for root in names}
    used = [root for root in names if modules.roots[root] > least[root]]
    above = [f"{top}.{modules.names_of(path)[0]}" for top in sorted(modules.above)]
    if used:
        return [*(names[root] for root in sorted(used, key=lambda root: -modules.roots[root])), *above]
    return [*([names[root] for root in plain] or list(names.values())[:1]), *above]


def _root(path: str, name: str) -> str:
    module = path.removesuffix(".py").removesuffix("/__init__")
    return module[: len(module) - len(name)].rstrip("/")
