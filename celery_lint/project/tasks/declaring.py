"""LINK: what declares a task: Celery's decorators, an application's, and those of the project that lead to them."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from celery_lint.facts.model import Attribute, Call, Class, Function, Name
from celery_lint.project.code.index import FileIndex
from celery_lint.project.code.symbols import ClassRef, External, FunctionRef, Internal
from celery_lint.project.code.values import Placed
from celery_lint.project.settings.apps import CURRENT_APPS, Apps, Draft

SHARED = frozenset({
    "celery.shared_task", "celery.app.shared_task", "celery.task", "celery.task.task", "celery.decorators.task",
    "celery.task.periodic_task", "celery.decorators.periodic_task", "celery.task.base.periodic_task",
    *(f"{app}.task" for app in CURRENT_APPS),
})  # fmt: skip
TASK_CLASSES = frozenset(
    {"celery.Task", "celery.app.task.Task", "celery.app.Task", "celery.task.Task", "celery.task.base.Task"}
)
# Nothing but an application is called so, and has a decorator `task`.
_APP_NAMES = frozenset({"celery", "celery_app"})
_DEPTH = 6


class Declaration(Struct, frozen=True):
    """How a task is declared: by which apps (None: whichever there is), with which options call.

    CUSTOM is the project's own decorator, when it is not Celery's.
    """

    apps: tuple[Draft, ...] | None
    options: Placed | None
    custom: FunctionRef | None = None
    defaults: tuple[Placed, ...] = ()


class Decorators:
    """Tells task decorators from everything else that is called `task`."""

    def __init__(self, apps: Apps, extra: tuple[str, ...]) -> None:
        self.apps = apps
        self.symbols = apps.symbols
        self.extra = frozenset(extra)
        self._factories: dict[FunctionRef, Declaration | None] = {}

    def declaration(self, placed: Placed, depth: int = 0) -> Declaration | None:
        """What declaring a function with the decorator PLACED makes of it; None when that is no task."""
        if depth > _DEPTH:
            return None
        value = placed.value
        if isinstance(value, Call):
            return self._called(placed, value, depth)
        if isinstance(value, Attribute):
            owned = value.name == "task" and self.apps.is_app(placed.at(value.value))
            return Declaration(self.apps.of(placed.at(value.value)), None) if owned else None
        return self._named(placed, value.ref, depth) if isinstance(value, Name) else None

    def _called(self, placed: Placed, call: Call, depth: int) -> Declaration | None:
        name = self.symbols.external(placed.path, call.callee)
        if name == "functools.partial" and call.arguments:
            inner = self.declaration(placed.at(call.arguments[0].value), depth + 1)
            return replace(inner, options=placed) if inner is not None else None
        declared = self.declaration(placed.at(call.callee), depth + 1)
        if declared is None:
            return None
        defaults = (*declared.defaults, declared.options) if declared.options is not None else declared.defaults
        return replace(declared, options=placed, defaults=defaults)

    def _named(self, placed: Placed, ref: str, depth: int) -> Declaration | None:
        owner, _, last = ref.rpartition(".")
        if owner:
            owned = self._owned(placed, owner) if last == "task" else self._of_method(placed, owner, last, depth)
            if owned is not None:
                return owned
        target = self.symbols.target(placed.path, ref)
        if isinstance(target, External):
            known = target.name in SHARED or target.name in self.extra or _names_celery(target.name)
            return Declaration(None, None) if known else None
        if not isinstance(target, Internal):
            return None
        if isinstance(target.fact, Function) and not target.rest:
            return self._factory(FunctionRef(target.path, target.fact.block), depth)
        return self._alias(target, depth)

    def _alias(self, target: Internal, depth: int) -> Declaration | None:
        """`my_task = partial(app.task, …)` or `my_task = make_decorator()`."""
        if target.rest or target.fact is None or isinstance(target.fact, Class | Function):
            return None
        value = target.fact.value
        if not isinstance(value, Call | Attribute):
            return None
        return self.declaration(Placed(target.path, target.fact.block, value), depth + 1)

    def _owned(self, placed: Placed, owner: str) -> Declaration | None:
        app = placed.at(Name(owner))
        drafts = self.apps.of(app)
        if drafts:
            return Declaration(drafts, None, self._overridden(drafts))
        if self.apps.is_app(app) or self._comes_from_celery(placed, owner):
            return Declaration(None, None)
        return None

    def _overridden(self, drafts: tuple[Draft, ...]) -> FunctionRef | None:
        """The `task` method of the project's own Celery class."""
        for draft in drafts:
            if draft.app_class is not None:
                return self.symbols.method(draft.app_class, "task")
        return None

    def _of_method(self, placed: Placed, owner: str, name: str, depth: int) -> Declaration | None:
        """`app.periodic_task`: a method of the project's own Celery class that makes tasks."""
        drafts = self.apps.of(placed.at(Name(owner))) or ()
        for draft in drafts:
            method = self.symbols.method(draft.app_class, name) if draft.app_class is not None else None
            made = self._factory(method, depth) if method is not None else None
            if made is not None:
                return replace(made, apps=drafts)
        return None

    def _comes_from_celery(self, placed: Placed, owner: str) -> bool:
        """An object nothing else is known of, made in a file that imports Celery, or called after it."""
        target = self.symbols.target(placed.path, owner)
        if isinstance(target, External):
            return False
        if not isinstance(target, Internal) or isinstance(target.fact, Function | Class) or target.fact is None:
            return False
        made = target.fact.value
        if not isinstance(made, Call):
            return False
        if owner.rpartition(".")[2].lstrip("@%") in _APP_NAMES:
            return not isinstance(self.symbols.class_of(target.path, target.fact.block, made.callee), ClassRef)
        if self.symbols.external(target.path, made.callee) is not None:
            return False
        return imports_celery(self.symbols.files.python(target.path))

    def _factory(self, ref: FunctionRef, depth: int) -> Declaration | None:
        if ref not in self._factories:
            self._factories[ref] = None
            self._factories[ref] = self._read_factory(ref, depth)
        return self._factories[ref]

    def _read_factory(self, ref: FunctionRef, depth: int) -> Declaration | None:
        """A decorator of the project makes tasks when its body applies a task decorator."""
        index, fact = self.symbols.index(ref), self.symbols.fact(ref)
        for function in (fact, *index.inside(fact)):
            for call in index.calls(function):
                found = self._applied(index, call, depth)
                if found is not None:
                    return Declaration(found.apps, None, ref, (found.options,) if found.options is not None else ())
            for item in index.returns(function):
                if isinstance(item.value, Name):
                    found = self.declaration(Placed(index.path, item.block, item.value), depth + 1)
                    if found is not None:
                        return Declaration(found.apps, None, ref)
        return None

    def _applied(self, index: FileIndex, call: Call, depth: int) -> Declaration | None:
        placed = Placed(index.path, call.block, call)
        found = self.declaration(placed, depth + 1)
        if found is not None:
            return found
        callee = call.callee
        made_here = isinstance(callee, Name) and callee.ref.startswith("%") and callee.ref.endswith(".task")
        if made_here and imports_celery(index):
            return Declaration(None, placed)
        return None


def imports_celery(index: FileIndex) -> bool:
    """Whether the file imports Celery itself."""
    return any(item.module == "celery" or item.module.startswith("celery.") for item in index.facts.imports)


def _names_celery(name: str) -> bool:
    """`celery_app.task` of an installed package: nothing else is called that."""
    *owner, last = name.split(".")
    return last == "task" and bool(owner) and owner[-1] in _APP_NAMES and owner != ["celery"]
