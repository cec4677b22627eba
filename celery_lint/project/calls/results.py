"""LINK: results of tasks: where they come from, and which code waits for them.

A result is what sending a task gives (`add.delay()`, `group(…)()`, `send_task`), or what is made from an id
(`AsyncResult(id)`). It is followed through variables, loops over lists of results, and helpers that return one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal as OneOf

from msgspec import Struct

from celery_lint.facts.model import Attribute, Block, Call, Literal, Name, Value
from celery_lint.finding import Location
from celery_lint.project.calls.calls import TaskCalls
from celery_lint.project.calls.canvas import Canvas, Parts, Signed, owner_of
from celery_lint.project.code.expressions import last_name, within
from celery_lint.project.code.index import FileIndex
from celery_lint.project.code.origins import Origins
from celery_lint.project.code.patterns import Pattern
from celery_lint.project.code.symbols import External
from celery_lint.project.code.values import Known, Placed, Unknown
from celery_lint.project.model import Task

# sent: by a message; eager: `task.apply()` ran it here; id: made from an id, of a task that nobody names.
Made = OneOf["sent", "eager", "id"]

_MENTIONS = re.compile(rb"delay|apply_async|apply\(|AsyncResult|GroupResult|send_task|celery|task", re.IGNORECASE)
_WAITS = Pattern(rb"\.\s*(?:get|wait|join|join_native|collect)\s*\(")
_CLASSES = frozenset({"AsyncResult", "GroupResult", "ResultSet"})
_BLOCKING = frozenset({"get", "wait", "join", "join_native", "collect"})
# What the `get` of a result takes by name (None: by position).
_GIVEN = frozenset({
    None, "timeout", "propagate", "interval", "no_ack", "follow_parents", "callback", "on_message", "on_interval",
    "disable_sync_subtasks", "EXCEPTION_STATES", "PROPAGATE_STATES",
})  # fmt: skip
# Read the backend without waiting.
_READING = frozenset({"ready", "successful", "failed"})
_ATTRIBUTES = frozenset({"state", "status", "result", "info", "traceback"})
_SENDS = Pattern(rb"\b(?:delay|apply_async|AsyncResult|GroupResult|send_task)\b")
_ANNOTATIONS = frozenset(
    {"celery.result.AsyncResult", "celery.result.GroupResult", "celery.result.ResultSet", "celery.result.ResultBase"}
)


class Result(Struct, frozen=True):
    """A result: what makes it, and the task when it is one that is known."""

    made: Made
    origin: Location
    task: Task | None = None


class Wait(Struct, frozen=True):
    """A call of METHOD that waits for RESULT. TIMEOUT: whether it stops waiting by itself (None: cannot be told)."""

    path: str
    call: Call
    method: str
    result: Result
    timeout: bool | None

    @property
    def location(self) -> Location:
        """Where the call is written."""
        return Location(self.path, self.call.span)


class Poll(Struct, frozen=True):
    """A `while` loop in BLOCK that goes on until RESULT is there; LOCATION is where it asks."""

    location: Location
    block: int
    result: Result


class Results:
    """Tells results of tasks from everything else that has a `get`."""

    # What a file has to mention to have to do with results.
    mentions = _MENTIONS

    def __init__(self, calls: TaskCalls, parts: Parts) -> None:
        self.files, self.symbols, self.evaluator = calls.files, calls.symbols, calls.evaluator
        self.calls = calls
        self.parts = parts
        self.origins = Origins(calls.symbols)
        self._waits: dict[str, tuple[Wait, ...]] = {}
        self._polls: dict[str, tuple[Poll, ...]] = {}

    def of(self, placed: Placed) -> Result | None:
        """The result that PLACED is, or may be; None when nothing shows that it is one."""
        for origin in self.origins.of(placed):
            found = self._made(origin, origin.value) if isinstance(origin.value, Call) else self._annotated(origin)
            if found is not None:
                return found
        return None

    def _annotated(self, placed: Placed) -> Result | None:
        """A parameter that says that it is one: `result: AsyncResult`."""
        made = self.symbols.type_of(placed.path, placed.block, placed.value)
        is_one = isinstance(made, External) and made.name in _ANNOTATIONS
        return Result("id", Location(placed.path, placed.span)) if is_one else None

    def waits(self, path: str) -> tuple[Wait, ...]:
        """The calls in PATH that wait for a result, in order."""
        if path not in self._waits:
            self._waits[path] = tuple(self._find_waits(path))
        return self._waits[path]

    def polls(self, path: str) -> tuple[Poll, ...]:
        """The loops in PATH that go on until a result is ready."""
        if path not in self._polls:
            self._polls[path] = tuple(self._find_polls(path)) if self.files.mentions(path, _SENDS) else ()
        return self._polls[path]

    def _find_waits(self, path: str) -> Iterator[Wait]:
        if not (self.files.mentions(path, _MENTIONS) and self.files.mentions(path, _WAITS)):
            return
        for call in self.files.python(path).calls_named(*_BLOCKING):
            if not _has_key(call):
                method = last_name(call.callee)
                owner = owner_of(Placed(path, call.block, call), call)
                result = self.of(owner) if owner is not None else None
                if result is not None and method is not None:
                    yield Wait(path, call, method, result, self._timeout(path, call, method))

    def _find_polls(self, path: str) -> Iterator[Poll]:
        index = self.files.python(path)
        for number, block in enumerate(index.facts.blocks):
            if block.kind != "while" or block.value is None:
                continue
            for test, around in self._ends(index, number, block):
                for value in within(test):
                    result = self._polled(Placed(path, around, value))
                    if result is not None:
                        yield Poll(Location(path, value.span), block.parent, result)

    def _ends(self, index: FileIndex, number: int, block: Block) -> Iterator[tuple[Value, int]]:
        """The tests that end a loop: its own, or, of `while True`, those of an `if` that leaves it."""
        if block.value is not None and not isinstance(block.value, Literal):
            yield block.value, block.parent
            return
        for inner in index.below(number):
            found = index.block(inner)
            leaves = any(jump.kind == "break" for jump in index.jumps_in(inner)) or index.returns_in(inner)
            if found.kind == "if" and found.value is not None and leaves:
                yield found.value, found.parent

    def _polled(self, placed: Placed) -> Result | None:
        """The result whose state a loop asks for: `r.ready()`, `r.state`."""
        value = placed.value
        if isinstance(value, Name) and value.ref.rpartition(".")[2] in ("state", "status"):
            return self._read(placed)
        return self._asked(placed)

    def _asked(self, placed: Placed) -> Result | None:
        """The result that `r.ready()` asks."""
        value = placed.value
        if not isinstance(value, Call) or last_name(value.callee) not in _READING:
            return None
        owner = owner_of(placed, value)
        return self.of(owner) if owner is not None else None

    def reads(self, path: str) -> Iterator[tuple[Location, Result]]:
        """What in PATH asks the backend for something without waiting: `r.ready()`, `r.state`."""
        if not self.files.mentions(path, _SENDS):
            return
        index = self.files.python(path)
        for function in index.facts.functions:
            for value in dict.fromkeys(index.values(function)):
                result = self._read(Placed(path, function.block, value))
                if result is not None:
                    yield Location(path, value.span), result

    def _read(self, placed: Placed) -> Result | None:
        value = placed.value
        if isinstance(value, Call):
            return self._asked(placed)
        owner, _, name = value.ref.rpartition(".") if isinstance(value, Name) else ("", "", "")
        if name not in _ATTRIBUTES or owner in ("", "%self", "%cls"):
            return None
        return self.of(placed.at(Name(owner, value.span)))

    # what makes a result

    def _made(self, placed: Placed, call: Call) -> Result | None:
        origin = Location(placed.path, call.span)
        known = self.parts.calls_at.get((placed.path, call.span))
        if known is not None:
            if known.method == "apply":
                return Result("eager", origin, known.task)
            return Result("sent", origin, known.task) if known.sends else None
        method = last_name(call.callee)
        if method in _CLASSES or (method == "restore" and self._is_class(placed, call.callee)):
            return Result("id", origin) if self._is_celery(placed, call.callee) else None
        if method == "send_task":
            return Result("sent", origin)
        owner = owner_of(placed, call)
        if method in ("delay", "apply_async") and owner is not None:
            return Result("sent", origin) if self._is_signature(owner) else None
        return Result("sent", origin) if self._is_signature(placed.at(call.callee)) else None

    def _is_signature(self, placed: Placed) -> bool:
        """Whether PLACED is something that calling it sends: a signature, a canvas."""
        return any(isinstance(self.parts.part(origin), Signed | Canvas) for origin in self.origins.of(placed))

    def _is_class(self, placed: Placed, callee: Value) -> bool:
        owner = callee.ref.rpartition(".")[0] if isinstance(callee, Name) else ""
        return owner.rpartition(".")[2].lstrip("@%") in _CLASSES

    def _is_celery(self, placed: Placed, callee: Value) -> bool:
        """`celery.result.AsyncResult`, or the one of an app or task: `app.AsyncResult`, `add.AsyncResult`."""
        name = self.symbols.external(placed.path, callee)
        if name is not None:
            return name.startswith("celery.")
        return isinstance(callee, Attribute) or (isinstance(callee, Name) and "." in callee.ref)

    # how long it waits

    def _timeout(self, path: str, call: Call, method: str) -> bool | None:
        given = call.argument(0 if method in ("get", "wait", "join", "join_native") else None, "timeout")
        if given is None:
            return None if any(each.star for each in call.arguments) else False
        known = self.evaluator.scalar(Placed(path, call.block, given.value))
        return None if isinstance(known, Unknown) else known != Known(None)


def _has_key(call: Call) -> bool:
    """Whether this is the `get` of a dict or of a query: `.get("name")`, `.get(pk=1)`."""
    first = call.argument(0)
    if first is not None and isinstance(first.value, Literal) and isinstance(first.value.value, str):
        return True
    return last_name(call.callee) == "get" and any(each.keyword not in _GIVEN for each in call.arguments)


def entered(index: FileIndex, block: int) -> Iterator[Value]:
    """What the `with` statements around BLOCK enter, inside its function."""
    for number in index.up(block):
        for item in index.block(number).items:
            yield item.value
        if number in index.functions_by_block:
            return
