"""LINK: the tasks of a project, every way that real projects declare them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from msgspec import Struct
from msgspec.structs import replace

from celery_lint.facts.model import Call, Class, Function, Name, Value
from celery_lint.finding import Location
from celery_lint.project.code.expressions import last_name
from celery_lint.project.code.files import Files
from celery_lint.project.code.index import FileIndex
from celery_lint.project.code.patterns import Pattern
from celery_lint.project.code.symbols import ClassRef
from celery_lint.project.code.values import Known, Placed
from celery_lint.project.model import Option
from celery_lint.project.settings.apps import Apps
from celery_lint.project.tasks.declaring import Declaration, Decorators

_DECLARES = Pattern(
    rb"celery|shared_task|register_task|\.task\(|^[ \t]*@[^\n]*task|=[ \t]*\w*_task\(", re.IGNORECASE | re.MULTILINE
)


class TaskDraft(Struct, frozen=True, eq=False):
    """A task before its names and effective options are known."""

    path: str
    function: Function | None
    cls: Class | None
    declaration: Declaration
    decorator: Placed | None
    decorators_below: tuple[Placed, ...] = ()

    @property
    def location(self) -> Location:
        """The name in its `def` or `class`."""
        fact = self.function or self.cls
        assert fact is not None
        return Location(self.path, fact.name_span)

    @property
    def label(self) -> str:
        """What the code calls it: the class, else the function."""
        fact = self.cls or self.function
        assert fact is not None
        return fact.name


def may_declare(files: Files) -> Iterator[str]:
    """The files about Celery, and all others that may declare a task by the looks of them."""
    return files.mentioning(_DECLARES)


class TaskFinder:
    """Finds the declarations of tasks in all files."""

    def __init__(self, apps: Apps, decorators: Decorators) -> None:
        self.apps = apps
        self.decorators = decorators
        self.symbols = apps.symbols
        self.files = apps.files
        # Files whose top level makes tasks of functions that cannot be told: `app.task(name=n)(make(n))`.
        self.computed: list[str] = []

    def find(self) -> Iterator[TaskDraft]:
        """All tasks, in the order of files and lines."""
        for path in may_declare(self.files):
            index = self.files.python(path)
            for function in index.facts.functions:
                found = self._decorated(index, function)
                if found is not None:
                    yield found
            yield from self._called(index)

    def _decorated(self, index: FileIndex, function: Function) -> TaskDraft | None:
        placed = [Placed(index.path, function.outer, decorator) for decorator in function.decorators]
        for position, decorator in enumerate(placed):
            declared = self.decorators.declaration(decorator)
            if declared is not None:
                return TaskDraft(index.path, function, None, declared, decorator, tuple(placed[position + 1 :]))
        return None

    def _called(self, index: FileIndex) -> Iterator[TaskDraft]:
        """`add = app.task(add)`, `app.task(name="x")(add)`, `app.register_task(Add())`."""
        for call in index.facts.calls:
            if not self._may_declare(call.callee) or call.use == "decorator" or not call.arguments:
                continue
            if last_name(call.callee) == "register_task":
                yield from self._registered(index, call)
                continue
            first = call.arguments[0]
            if first.keyword is not None or first.star:
                continue
            function = self.symbols.function(index.path, call.block, first.value)
            placed = Placed(index.path, call.block, call.callee)
            if function is None:
                if index.is_import_time(call.block) and self.decorators.declaration(placed) is not None:
                    self.computed.append(index.path)
                continue
            declared = self.decorators.declaration(placed)
            if declared is None or declared.custom is not None or not isinstance(first.value, Name):
                continue
            fact = self.symbols.fact(function)
            options = declared.options or Placed(index.path, call.block, call)
            if index.function_at(call.block) is None:
                yield TaskDraft(
                    function.path, fact, None, replace(declared, options=options), Placed(index.path, call.block, call)
                )

    def _may_declare(self, callee: Value) -> bool:
        inner = callee.callee if isinstance(callee, Call) else callee
        return (last_name(inner) or "").endswith("task")

    def _registered(self, index: FileIndex, call: Call) -> Iterator[TaskDraft]:
        value = call.arguments[0].value
        made = self.symbols.type_of(index.path, call.block, value) if isinstance(value, Call | Name) else None
        if made is None:
            made = self.symbols.class_of(index.path, call.block, value)
        if not isinstance(made, ClassRef):
            return
        owner = call.callee
        app = Name(owner.ref.rpartition(".")[0]) if isinstance(owner, Name) else None
        drafts = self.apps.of(Placed(index.path, call.block, app)) if app is not None else None
        fact = self.symbols.class_fact(made)
        yield TaskDraft(made.path, self._run(made), fact, Declaration(drafts, None), None)

    def _run(self, owner: ClassRef) -> Function | None:
        method = self.symbols.method(owner, "run")
        return self.symbols.fact(method) if method is not None and method.path == owner.path else None


def options_of(draft: TaskDraft, apps: Apps) -> tuple[Mapping[str, Option], bool]:
    """The options a task is declared with, and whether more may be given that cannot be seen."""
    found: dict[str, Option] = {}
    is_open = False
    given = (*draft.declaration.defaults, draft.declaration.options)
    for placed in given:
        if placed is None or not isinstance(placed.value, Call):
            continue
        for argument in placed.value.arguments:
            if argument.keyword is not None:
                place = Location(placed.path, argument.span)
                found[argument.keyword] = Option(argument.keyword, placed.at(argument.value), place)
            elif argument.star == "**":
                is_open |= not _spread(placed, argument.value, apps, found)
    if draft.cls is not None:
        _class_options(draft, apps, found)
    return found, is_open


def _spread(placed: Placed, value: Value, apps: Apps, found: dict[str, Option]) -> bool:
    """Take `**options` in; False when a part of it cannot be seen."""
    # A project's decorator passing its own `**kwargs` on adds what its caller wrote, which is seen there.
    if isinstance(value, Name) and value.ref.startswith("%"):
        function = apps.files.python(placed.path).function_at(placed.block)
        names = (
            {parameter.name for parameter in function.parameters if parameter.star} if function is not None else set()
        )
        if value.ref[1:] in names or function is not None:
            return True
    complete = True
    for key, key_place, entry in apps.evaluator.entries(placed.at(value)):
        if isinstance(key, Known):
            found[key.value] = Option(key.value, entry, Location(key_place.path, key_place.span))
        else:
            complete = False
    return complete


def _class_options(draft: TaskDraft, apps: Apps, found: dict[str, Option]) -> None:
    assert draft.cls is not None
    for item in reversed(list(apps.symbols.lineage(ClassRef(draft.path, draft.cls.block)))):
        if not isinstance(item, ClassRef):
            continue
        index = apps.files.python(item.path)
        for assignment in index.assigned_in(item.block):
            if assignment.target is not None and assignment.value is not None:
                name = assignment.target.rpartition(".")[2]
                place = Placed(item.path, assignment.block, assignment.value)
                found[name] = Option(name, place, Location(item.path, assignment.span))
