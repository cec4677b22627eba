"""LINK: the places that send, sign or run a task: `add.delay(1)`, `add.s(1)`, `send_task("proj.add", args=(1,))`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Literal, TypeVar, cast

from msgspec import Struct, field

from celery_lint.facts.model import Attribute, Call, Name, Subscript, Value
from celery_lint.finding import Location
from celery_lint.project.calls.sent import sent_name
from celery_lint.project.code.expressions import last_name
from celery_lint.project.code.files import Files
from celery_lint.project.code.patterns import Pattern
from celery_lint.project.code.settled import settled_entries, settled_items
from celery_lint.project.code.symbols import ClassRef, FunctionRef
from celery_lint.project.code.values import Evaluator, Known, Placed
from celery_lint.project.model import Task

Method = Literal[
    "delay", "delay_on_commit", "s", "si",
    "apply_async", "apply_async_on_commit", "apply", "signature", "subtask", "send_task",
]  # fmt: skip

# The arguments of the task are those of the call.
_DIRECT: frozenset[str] = frozenset({"delay", "delay_on_commit", "s", "si"})
# The arguments of the task are a list and a dict: these are their positions, ahead of the name that a few start with.
_INDIRECT: frozenset[str] = frozenset(
    {"apply_async", "apply_async_on_commit", "apply", "signature", "subtask", "send_task"}
)
_METHODS = _DIRECT | _INDIRECT
_ARGUMENTS = frozenset({"args", "kwargs", "name"})
# What a signature takes beside the options of its message.
_OF_SIGNATURES = frozenset({"options", "varies", "task", "immutable", "type", "app", "subtask_type"})
SENDING: frozenset[str] = frozenset({"delay", "delay_on_commit", "apply_async", "apply_async_on_commit", "send_task"})
SIGNING: frozenset[str] = frozenset({"s", "si", "signature", "subtask"})

_MENTIONS = Pattern(rb"\b(?:delay|apply_async)(?:_on_commit)?\s*\(|\b(?:send_task|si|subtask|signature)\s*\(")
# These are methods of many things that are not Celery's.
_CELERY = Pattern(rb"celery")
_MAY_MENTION = Pattern(rb"\.\s*(?:s|apply)\s*\(")


class TaskCall(Struct, frozen=True, eq=False):
    """One place that sends, signs or runs TASK by METHOD.

    ARGS are the arguments that the task gets, None when they cannot all be seen; KWARGS likewise, KWARGS_OPEN when
    there may be more. OPTIONS are those of the message (`queue`, `countdown`, …), OPTIONS_OPEN when there may be more.
    ARGS_AT and KWARGS_AT are the list and the dict, where the method takes such. LOCATION is the whole call, FUNCTION
    the innermost function around it.
    """

    task: Task
    method: Method
    path: str
    call: Call
    args: tuple[Placed, ...] | None
    kwargs: Mapping[str, Placed]
    kwargs_open: bool
    options: Mapping[str, Placed] = field(default_factory=dict)
    options_open: bool = False
    args_at: Placed | None = None
    kwargs_at: Placed | None = None
    by_name: bool = False
    function: FunctionRef | None = None

    @property
    def location(self) -> Location:
        """Where the whole call is written."""
        return Location(self.path, self.call.span)

    @property
    def sends(self) -> bool:
        """Whether a message goes out here (and not later, and not at all)."""
        return self.method in SENDING

    @property
    def signs(self) -> bool:
        """Whether this makes a signature, to be sent elsewhere."""
        return self.method in SIGNING


class TaskCalls:
    """Finds the calls of tasks in all files."""

    def __init__(self, files: Files, evaluator: Evaluator, tasks: tuple[Task, ...]) -> None:
        self.files = files
        self.evaluator = evaluator
        self.symbols = evaluator.symbols
        self._by_function = _only((task.function, task) for task in tasks if task.cls is None)
        self._by_class = _only((task.cls, task) for task in tasks)
        self._by_name = _only((name, task) for task in tasks for name in task.names)

    def find(self) -> Iterator[TaskCall]:
        """All calls of tasks, in the order of files and lines; those in tests and documentation are left out."""
        for path in self._paths():
            for call in self.files.python(path).calls_named(*_METHODS):
                yield from self._calls(path, call, cast(Method, last_name(call.callee)))

    def _paths(self) -> list[str]:
        """The files that may call a task."""
        found = {*self.files.mentioning(_MENTIONS), *self.files.mentioning_all(_CELERY, _MAY_MENTION)}
        return [path for path in self.files.code_paths if path in found]

    def _calls(self, path: str, call: Call, method: Method) -> Iterator[TaskCall]:
        task = self._receiver(path, call)
        name = sent_name(path, call, self.evaluator) if task is None else None
        task = self._by_name.get(name) if name is not None else task
        if task is None:
            return
        index = self.files.python(path)
        around = index.function_at(call.block)
        function = FunctionRef(path, around.block) if around is not None else None
        if method in _DIRECT:
            yield self._direct(task, method, path, call, function)
        else:
            yield self._indirect(task, method, path, call, function, by_name=name is not None)

    # which task

    def task_of(self, path: str, block: int, value: Value) -> Task | None:
        """The task that the expression VALUE, in BLOCK of PATH, stands for: `add`, `tasks.add`, `Add()`, `self`."""
        if isinstance(value, Name):
            bound = self._bound(path, block, value.ref)
            if bound is not None:
                return bound
            if len(self.symbols.assigned(path, block, value.ref)) > 1:
                return None
        function = self.symbols.function(path, block, value)
        if function is not None and function in self._by_function:
            return self._by_function[function]
        return self._by_class.get(self._class(path, block, value))

    def _receiver(self, path: str, call: Call) -> Task | None:
        callee = call.callee
        if isinstance(callee, Name):
            owner, _, _ = callee.ref.rpartition(".")
            return self.task_of(path, call.block, Name(owner)) if owner.strip(".@%*") else None
        if not isinstance(callee, Attribute):
            return None
        if isinstance(callee.value, Subscript):
            return self._registered(path, call.block, callee.value)
        return self.task_of(path, call.block, callee.value)

    def _class(self, path: str, block: int, value: Value) -> ClassRef | None:
        """The class of a task that VALUE is an instance of: `Add()`, or what `register_task(Add())` returned."""
        placed = self.evaluator.follow(Placed(path, block, value))
        made = placed.value
        if isinstance(made, Call) and last_name(made.callee) == "register_task" and made.arguments:
            placed = placed.at(made.arguments[0].value)
        found = self.symbols.type_of(placed.path, placed.block, placed.value) if self._by_class else None
        return found if isinstance(found, ClassRef) else None

    def _registered(self, path: str, block: int, value: Subscript) -> Task | None:
        """`app.tasks["proj.add"]`"""
        if last_name(value.value) != "tasks":
            return None
        name = self.evaluator.text(Placed(path, block, value.index))
        return self._by_name.get(name.value) if isinstance(name, Known) else None

    def _bound(self, path: str, block: int, ref: str) -> Task | None:
        """The task that a bound task calls `self`."""
        index = self.files.python(path)
        function = index.function_at(block)
        task = self._by_function.get(FunctionRef(path, function.block)) if function is not None else None
        if task is None or function is None or not function.parameters or ref != f"%{function.parameters[0].name}":
            return None
        bind = task.option("bind")
        return task if bind is not None and self.evaluator.scalar(bind.value) == Known(True) else None

    # with what

    def _direct(self, task: Task, method: Method, path: str, call: Call, function: FunctionRef | None) -> TaskCall:
        placed = Placed(path, call.block, call)
        positional: list[Placed] | None = []
        named: dict[str, Placed] = {}
        is_open = False
        for each in call.arguments:
            value = placed.at(each.value)
            if each.star == "*":
                items = settled_items(value, self.evaluator)
                positional = [*positional, *items] if positional is not None and items is not None else None
            elif each.star == "**":
                entries, more = settled_entries(value, self.evaluator)
                named, is_open = {**named, **entries}, is_open or more
            elif each.keyword is not None:
                named[each.keyword] = value
            elif positional is not None:
                positional.append(value)
        args = tuple(positional) if positional is not None else None
        return TaskCall(task, method, path, call, args, named, is_open, function=function)

    def _indirect(
        self, task: Task, method: Method, path: str, call: Call, function: FunctionRef | None, *, by_name: bool
    ) -> TaskCall:
        placed = Placed(path, call.block, call)
        first = 1 if by_name else 0
        args, kwargs = call.argument(first, "args"), call.argument(first + 1, "kwargs")
        args_at = placed.at(args.value) if args is not None else None
        kwargs_at = placed.at(kwargs.value) if kwargs is not None else None
        unseen = any(each.star for each in call.arguments)
        named, named_open = self._named(kwargs_at)
        options, options_open = self._options(placed, call, method)
        return TaskCall(
            task,
            method,
            path,
            call,
            None if args_at is None and unseen else self._positional(args_at),
            named,
            named_open or (kwargs_at is None and unseen),
            options,
            options_open,
            args_at,
            kwargs_at,
            by_name,
            function,
        )

    def _positional(self, args: Placed | None) -> tuple[Placed, ...] | None:
        if args is None or self._is_none(args):
            return ()
        items = settled_items(args, self.evaluator)
        return tuple(items) if items is not None else None

    def _named(self, kwargs: Placed | None) -> tuple[dict[str, Placed], bool]:
        if kwargs is None or self._is_none(kwargs):
            return {}, False
        return settled_entries(kwargs, self.evaluator)

    def _is_none(self, placed: Placed) -> bool:
        return self.evaluator.scalar(placed) == Known(None)

    def _options(self, placed: Placed, call: Call, method: Method) -> tuple[dict[str, Placed], bool]:
        others = _ARGUMENTS | _OF_SIGNATURES if method in SIGNING else _ARGUMENTS
        found, is_open = options_of(placed, call, self.evaluator)
        found = {name: value for name, value in found.items() if name not in others}
        given = call.argument(None, "options") if method in SIGNING else None
        if given is None:
            return found, is_open
        more, more_open = self._named(placed.at(given.value))
        return {**more, **found}, is_open or more_open


def options_of(placed: Placed, call: Call, evaluator: Evaluator) -> tuple[dict[str, Placed], bool]:
    """The arguments by name of CALL, those in `**options` too; and whether there may be others."""
    found: dict[str, Placed] = {}
    is_open = any(each.star == "*" for each in call.arguments)
    for each in call.arguments:
        if each.star == "**":
            entries, more = settled_entries(placed.at(each.value), evaluator)
            found, is_open = {**found, **entries}, is_open or more
        elif each.keyword is not None:
            found[each.keyword] = placed.at(each.value)
    return found, is_open


Key = TypeVar("Key")


def _only(pairs: Iterable[tuple[Key | None, Task]]) -> dict[Key | None, Task]:
    """The tasks by key, without the keys that several tasks share or that are None."""
    found: dict[Key | None, list[Task]] = defaultdict(list)
    for key, task in pairs:
        found[key].append(task)
    return {key: same[0] for key, same in found.items() if key is not None and len(same) == 1}
