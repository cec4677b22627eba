"""LINK: how a function drives event loops: by hand, with `asyncio.run` and its kin, or through a bridge."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import Literal as OneOf

from msgspec import Struct

from celery_lint.facts.model import Assignment, Attribute, Call, Choice, Name, Operation, Value
from celery_lint.project.code.expressions import called_on, last_name
from celery_lint.project.code.index import FileIndex
from celery_lint.project.code.patterns import Pattern
from celery_lint.project.code.symbols import ClassRef, External, FunctionRef, Internal, Symbols

LOOP_MAKERS = frozenset({
    "asyncio.get_event_loop", "asyncio.new_event_loop", "asyncio.get_running_loop", "uvloop.new_event_loop",
    "asyncio.events.get_event_loop", "asyncio.events.new_event_loop",
})  # fmt: skip
GETTERS = frozenset({"asyncio.get_event_loop", "asyncio.events.get_event_loop"})
# What runs a coroutine to its end on a loop of its own.
ENTRY_POINTS = frozenset({
    "asyncio.run", "asyncio.runners.run", "anyio.run", "asgiref.sync.async_to_sync", "uvloop.run", "asyncio.Runner",
    "anyio.from_thread.start_blocking_portal",
})  # fmt: skip
_LOOPS = Pattern(rb"\b(?:get_event_loop|new_event_loop|get_running_loop)\b|EventLoop\b")

# How long the loop of a `run_until_complete` lives: for this call, as the current loop of its thread does, as long as
# its thread (in a `threading.local`), as long as its process, or as the caller who passes it decides.
Lifetime = OneOf["call", "thread", "local", "process", "caller"]


class LoopUse(Struct, frozen=True):
    """What one function does with event loops.

    RUNS are its `run_until_complete` calls and LIFETIMES those of their loops, GETTERS its `get_event_loop` calls,
    HELPERS its calls of functions of the project that return a loop, ENTRIES its `asyncio.run` and the like.
    """

    runs: tuple[Call, ...] = ()
    lifetimes: tuple[Lifetime, ...] = ()
    getters: tuple[Call, ...] = ()
    helpers: tuple[tuple[Call, FunctionRef], ...] = ()
    entries: tuple[Call, ...] = ()

    @property
    def drives(self) -> tuple[Call, ...]:
        """Everything in the function that runs a coroutine to its end."""
        return (*self.runs, *self.entries)

    @property
    def is_passed(self) -> bool:
        """Whether the function only runs loops that its callers pass to it."""
        return bool(self.lifetimes) and set(self.lifetimes) == {"caller"}


_NO_USE = LoopUse()


class Loops:
    """Answers how functions of the project use event loops."""

    def __init__(self, symbols: Symbols, bridges: frozenset[str] = frozenset()) -> None:
        """BRIDGES are the project's own entry points."""
        self.symbols = symbols
        self.bridges = bridges
        self._uses: dict[FunctionRef, LoopUse] = {}
        self._returns_loop: dict[FunctionRef, bool] = {}

    def use(self, ref: FunctionRef) -> LoopUse:
        """How the function REF uses event loops."""
        if ref not in self._uses:
            index = self.symbols.index(ref)
            self._uses[ref] = self.of_calls(index, index.calls(self.symbols.fact(ref)))
        return self._uses[ref]

    def of_calls(self, index: FileIndex, calls: list[Call]) -> LoopUse:
        """How some CALLS of one file use event loops."""
        runs, getters, helpers, entries = [], [], [], []
        for call in calls:
            name = self.symbols.external(index.path, call.callee)
            if name is None and self._runs_loop(index, call):
                runs.append(call)
            elif name in GETTERS:
                getters.append(call)
            elif name in ENTRY_POINTS or self._is_bridge(index, call):
                entries.append(call)
            elif name is None and self._are_made:
                helper = self.symbols.function(index.path, call.block, call.callee)
                if helper is not None and self.returns_loop(helper):
                    helpers.append((call, helper))
        if not (runs or getters or helpers or entries):
            return _NO_USE
        lifetimes = tuple(self._lifetime(index, call) for call in runs)
        return LoopUse(tuple(runs), lifetimes, tuple(getters), tuple(helpers), tuple(entries))

    @cached_property
    def _are_made(self) -> bool:
        """Whether anything makes a loop or names the class of one: nothing else leads to a loop."""
        return self.symbols.files.is_mentioned(_LOOPS)

    def _is_bridge(self, index: FileIndex, call: Call) -> bool:
        if not self.bridges or not isinstance(call.callee, Name):
            return False
        shown = call.callee.ref.lstrip("@%.")
        return any(shown == bridge or bridge.endswith(f".{shown}") for bridge in self.bridges)

    def _runs_loop(self, index: FileIndex, call: Call) -> bool:
        """Whether CALL runs something on what is provably an event loop."""
        if not self._are_made or last_name(call.callee) != "run_until_complete":
            return False
        owner = called_on(call.callee)
        return owner is not None and self._is_loop(index, call.block, owner)

    # how long it lives

    def _lifetime(self, index: FileIndex, call: Call) -> Lifetime:
        owner = called_on(call.callee)
        found = self._life(index, call.block, owner) if owner is not None else "call"
        if found == "thread" and isinstance(owner, Name) and self._is_closed(index, call.block, owner):
            return "call"
        return found

    def _life(self, index: FileIndex, block: int, value: Value, depth: int = 0) -> Lifetime:
        """How long the loop that VALUE is lives; of several, the longest, since code that makes a loop where it finds
        none keeps the one it finds."""
        if depth > 6:
            return "call"
        match value:
            case Call():
                if self.symbols.external(index.path, value.callee) in GETTERS:
                    return "thread"
                helper = self.symbols.function(index.path, block, value.callee)
                return self._life_of_returned(helper, depth) if helper is not None else "call"
            case Operation(operator="or"):
                return _longest(self._life(index, block, side, depth + 1) for side in (value.left, value.right))
            case Choice():
                return _longest(self._life(index, block, side, depth + 1) for side in (value.body, value.orelse))
            case Name() if not value.ref.startswith("%"):
                return "local" if self._is_in_thread_local(index, block, value.ref) else "process"
            case Name() if "." not in value.ref:
                return self._life_of_local(index, block, value.ref, depth)
        return "call"

    def _is_in_thread_local(self, index: FileIndex, block: int, ref: str) -> bool:
        """Whether the global REF is an attribute of a `threading.local`, of which each thread has its own."""
        owner = self.symbols.type_of(index.path, block, Name(ref.rpartition(".")[0])) if "." in ref else None
        return isinstance(owner, External) and owner.name in ("threading.local", "_thread._local")

    def _life_of_returned(self, helper: FunctionRef, depth: int) -> Lifetime:
        index = self.symbols.index(helper)
        returned = [item for item in index.returns(self.symbols.fact(helper)) if item.value is not None]
        return _longest(self._life(index, item.block, item.value, depth + 1) for item in returned if item.value)

    def _life_of_local(self, index: FileIndex, block: int, ref: str, depth: int) -> Lifetime:
        values = [item for item in self.symbols.assigned(index.path, block, ref) if item.value is not None]
        if not values:
            return "caller"
        return _longest(self._life(index, item.block, item.value, depth + 1) for item in values if item.value)

    def _is_closed(self, index: FileIndex, block: int, owner: Name) -> bool:
        function = index.function_at(block)
        calls = index.calls(function) if function is not None else []
        return any(isinstance(call.callee, Name) and call.callee.ref == f"{owner.ref}.close" for call in calls)

    def returns_loop(self, ref: FunctionRef) -> bool:
        """Whether a function of the project returns an event loop that it gets or makes."""
        if not self._are_made:
            return False
        if ref not in self._returns_loop:
            self._returns_loop[ref] = False
            self._returns_loop[ref] = self._find_loop_returned(ref)
        return self._returns_loop[ref]

    def keeps_loop(self, ref: FunctionRef) -> bool:
        """Whether a function that returns a loop keeps it for the next call: in a global, an attribute, a
        `threading.local`."""
        index, fact = self.symbols.index(ref), self.symbols.fact(ref)
        return any(
            assignment.value is not None
            and not _is_plain_local(assignment.target)
            and self._is_loop(index, assignment.block, assignment.value)
            for assignment in index.assignments(fact)
        )

    def _find_loop_returned(self, ref: FunctionRef) -> bool:
        index, fact = self.symbols.index(ref), self.symbols.fact(ref)
        if fact.is_async or fact.is_generator:
            return False
        return any(
            item.value is not None and self._is_loop(index, item.block, item.value) for item in index.returns(fact)
        )

    def _is_loop(self, index: FileIndex, block: int, value: Value, depth: int = 0) -> bool:
        if depth > 6:
            return False
        match value:
            case Call():
                name = self.symbols.external(index.path, value.callee)
                helper = self.symbols.function(index.path, block, value.callee)
                return name in LOOP_MAKERS or (helper is not None and self.returns_loop(helper))
            case Operation(operator="or"):
                return any(self._is_loop(index, block, side, depth + 1) for side in (value.left, value.right))
            case Choice():
                return any(self._is_loop(index, block, side, depth + 1) for side in (value.body, value.orelse))
            case Name():
                return self._is_loop_name(index, block, value.ref, depth)
            case Attribute():
                owner = self.symbols.type_of(index.path, block, value.value)
                return isinstance(owner, ClassRef) and self._is_loop_attribute(owner, value.name, depth)
        return False

    def _is_loop_name(self, index: FileIndex, block: int, ref: str, depth: int) -> bool:
        if not ref.startswith("%"):
            return self._is_loop_global(index.path, ref, depth)
        if "." in ref:
            owner_ref, _, name = ref.rpartition(".")
            owner = self.symbols.type_of(index.path, block, Name(owner_ref))
            return isinstance(owner, ClassRef) and self._is_loop_attribute(owner, name, depth)
        assigned = self.symbols.assigned(index.path, block, ref)
        if any(item.value is not None and self._is_loop(index, item.block, item.value, depth + 1) for item in assigned):
            return True
        return self._is_loop_parameter(index, block, ref.removeprefix("%"))

    def _is_loop_global(self, path: str, ref: str, depth: int) -> bool:
        """A loop at the top level of a module, wherever it is assigned (`global loop`)."""
        target = self.symbols.target(path, ref)
        if not isinstance(target, Internal) or not isinstance(target.fact, Assignment) or target.rest:
            return False
        index = self.symbols.files.python(target.path)
        same = [item for item in index.facts.assignments if item.target == target.fact.target]
        return any(item.value is not None and self._is_loop(index, item.block, item.value, depth + 1) for item in same)

    def _is_loop_attribute(self, owner: ClassRef, name: str, depth: int) -> bool:
        """`self.loop`: assigned in some method of the class, or a property that returns one."""
        method = self.symbols.method(owner, name)
        if method is not None:
            return self.returns_loop(method)
        for item in self.symbols.lineage(owner):
            if not isinstance(item, ClassRef):
                continue
            index = self.symbols.index(item)
            for assignment in index.facts.assignments:
                named = (assignment.target or "").rpartition(".")[2] == name
                inside = item.block in set(index.up(assignment.block))
                if not named or not inside or assignment.value is None:
                    continue
                if self._is_loop(index, assignment.block, assignment.value, depth + 1):
                    return True
        return False

    def _is_loop_parameter(self, index: FileIndex, block: int, name: str) -> bool:
        for number in index.up(block):
            function = index.functions_by_block.get(number)
            for parameter in function.parameters if function is not None else ():
                if parameter.name == name:
                    found = (
                        self.symbols.annotated(index.path, block, parameter.annotation)
                        if parameter.annotation
                        else None
                    )
                    return isinstance(found, External) and found.name.endswith("EventLoop")
        return False


def _is_plain_local(target: str | None) -> bool:
    return target is not None and target.startswith("%") and "." not in target


def _longest(found: Iterable[Lifetime]) -> Lifetime:
    order: tuple[Lifetime, ...] = ("call", "caller", "thread", "local", "process")
    return max(found, key=order.index, default="call")
