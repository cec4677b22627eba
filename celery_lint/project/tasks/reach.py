"""LINK: what worker code is: the functions that tasks and worker signals reach, and the shortest way to each."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator

from msgspec import Struct

from celery_lint.facts.model import Argument, Attribute, Call, Function, Lambda, Name, Value
from celery_lint.finding import Location
from celery_lint.project.code.expressions import last_name
from celery_lint.project.code.index import FileIndex
from celery_lint.project.code.symbols import ClassRef, External, FunctionRef, Symbols
from celery_lint.project.code.values import Placed
from celery_lint.project.model import How, Reached, Step, Task

# Signals that Celery sends in the worker (and not in the process that publishes), docs: userguide/signals.
WORKER_SIGNALS = frozenset({
    "task_prerun", "task_postrun", "task_retry", "task_success", "task_failure", "task_internal_error",
    "task_received", "task_revoked", "task_unknown", "task_rejected", "worker_init", "worker_before_create_process",
    "worker_ready", "worker_process_init", "worker_process_shutdown", "worker_shutdown", "worker_shutting_down",
    "celeryd_init", "celeryd_after_setup", "heartbeat_sent",
})  # fmt: skip
# Calls that run their argument in another thread or process: no event loop runs there.
_THREADS = frozenset({
    "to_thread", "run_in_executor", "submit", "Thread", "Process", "Timer", "run_in_threadpool", "run_sync",
    "sync_to_async",
})  # fmt: skip
# What a function runs, where that stands, and how it comes to run it.
Edge = tuple[FunctionRef, Location, How]
_Key = tuple[FunctionRef, bool, bool]
# Calls that hand work over to somebody else: their arguments do not run here.
_HANDED_OVER = frozenset({"delay", "apply_async", "s", "si", "signature", "send_task"})


class Root(Struct, frozen=True):
    """Something that a worker runs: a task, a hook of its base class, the handler of a worker signal."""

    function: FunctionRef
    label: str
    location: Location
    task: Task | None = None


class Reach:
    """The call graph as far as worker code goes."""

    def __init__(self, symbols: Symbols) -> None:
        self.symbols = symbols
        self._edges: dict[FunctionRef, tuple[Edge, ...]] = {}
        self._explored: dict[FunctionRef, tuple[FunctionRef, ...]] = {}

    def explore(self, roots: list[Root]) -> dict[FunctionRef, Reached]:
        """Every function that ROOTS reach, each with the shortest way. A function that runs outside a running loop
        somewhere is not `in_loop`, whatever other ways lead to it; nor is one `in_thread` that the task runs itself."""
        found: dict[_Key, Reached] = {}
        queue: deque[Reached] = deque()
        for root in roots:
            fact = self.symbols.fact(root.function)
            self._visit(found, queue, self._start(root, fact))
        while queue:
            here = queue.popleft()
            for edge in self.edges(here.function):
                self._visit(found, queue, self._next(here, edge))
        merged: dict[FunctionRef, Reached] = {}
        for (function, *outside), reached in found.items():
            best = merged.get(function)
            if best is None or outside < [best.in_loop, best.in_thread]:
                merged[function] = reached
        return merged

    def explored_from(self, root: FunctionRef) -> tuple[FunctionRef, ...]:
        """ROOT and every function it reaches, near to far."""
        if root not in self._explored:
            self._explored[root] = tuple(self._explore_from(root))
        return self._explored[root]

    def _explore_from(self, root: FunctionRef) -> Iterator[FunctionRef]:
        seen = {root}
        queue = deque([root])
        while queue:
            here = queue.popleft()
            yield here
            for callee, _, _ in self.edges(here):
                if callee not in seen:
                    seen.add(callee)
                    queue.append(callee)

    def _visit(self, found: dict[_Key, Reached], queue: deque[Reached], item: Reached) -> None:
        key = (item.function, item.in_loop, item.in_thread)
        if key not in found:
            found[key] = item
            queue.append(item)

    def _start(self, root: Root, fact: Function) -> Reached:
        place = Location(root.function.path, fact.name_span)
        return Reached(
            root.function, place, root.task, root.label, root.location, (), fact.is_async, fact.is_async, fact.qualname
        )

    def _next(self, here: Reached, edge: Edge) -> Reached:
        callee, location, how = edge
        fact = self.symbols.fact(callee)
        in_loop = fact.is_async or (here.in_loop and how not in ("thread", "around"))
        steps = (*here.steps, Step(location, callee, how))
        place = Location(callee.path, fact.name_span)
        return Reached(
            callee, place, here.task, here.root_label, here.root_location, steps, in_loop, fact.is_async, fact.qualname
        )

    def edges(self, ref: FunctionRef) -> tuple[Edge, ...]:
        """What a function runs."""
        if ref not in self._edges:
            index = self.symbols.index(ref)
            self._edges[ref] = tuple(self._find_edges(index, self.symbols.fact(ref)))
        return self._edges[ref]

    def _find_edges(self, index: FileIndex, fact: Function) -> Iterator[Edge]:
        for call in index.calls(fact):
            yield from self._of_call(index, call)
        for decorator in fact.decorators:
            yield from self._of_decorator(index, fact, decorator)

    def _of_call(self, index: FileIndex, call: Call) -> Iterator[Edge]:
        last = last_name(call.callee)
        if last in _HANDED_OVER:
            return
        callee = self.symbols.function(index.path, call.block, call.callee)
        if callee is not None:
            location = Location(index.path, call.span)
            yield callee, location, "call"
            yield from self._nested(callee, location)
        for argument in call.arguments:
            yield from self._of_argument(index, call, argument, last in _THREADS)

    def _nested(self, callee: FunctionRef, location: Location) -> Iterator[Edge]:
        """A called factory of closures: `make_runner(x)()` cannot be followed, so what it returns counts as run."""
        index, fact = self.symbols.index(callee), self.symbols.fact(callee)
        for item in index.returns(fact):
            if isinstance(item.value, Name) and item.value.ref.startswith("%"):
                inner = self.symbols.local_function(callee.path, item.block, item.value.ref)
                if inner is not None:
                    yield inner, location, "call"

    def _of_argument(self, index: FileIndex, call: Call, argument: Argument, in_thread: bool) -> Iterator[Edge]:
        """Functions passed by name are run by the one who gets them."""
        value = argument.value
        if isinstance(value, Lambda | Call) or not isinstance(value, Name | Attribute):
            return
        function = self.symbols.function(index.path, call.block, value)
        if function is None or self._is_class(index, call, value):
            return
        yield function, Location(index.path, argument.span), "thread" if in_thread else "given"

    def _is_class(self, index: FileIndex, call: Call, value: Value) -> bool:
        return isinstance(self.symbols.class_of(index.path, call.block, value), ClassRef)

    def _of_decorator(self, index: FileIndex, fact: Function, decorator: Value) -> Iterator[Edge]:
        """What the project's own decorators put around a function runs with it."""
        callee = decorator.callee if isinstance(decorator, Call) else decorator
        function = self.symbols.function(index.path, fact.outer, callee)
        if function is None:
            return
        location = Location(index.path, decorator.span)
        decorating = self.symbols.index(function)
        for inner in decorating.inside(self.symbols.fact(function)):
            # It runs before and around the function, so a coroutine's loop is not running yet.
            yield FunctionRef(function.path, inner.block), location, "around"


def signal_roots(symbols: Symbols, paths: Iterable[str]) -> Iterator[Root]:
    """The handlers of worker signals: `@worker_process_init.connect`, `task_prerun.connect(handler)`."""
    for path in paths:
        index = symbols.files.python(path)
        for function in index.facts.functions:
            for decorator in function.decorators:
                signal = _signal(symbols, Placed(path, function.outer, decorator))
                if signal is not None:
                    yield _handler(path, function, signal)
        for call in index.calls_named("connect"):
            signal = _signal(symbols, Placed(path, call.block, call))
            if signal is None or call.use == "decorator" or not call.arguments:
                continue
            handler = symbols.function(path, call.block, call.arguments[0].value)
            if handler is not None:
                yield _handler(handler.path, symbols.fact(handler), signal)


def _handler(path: str, function: Function, signal: str) -> Root:
    return Root(FunctionRef(path, function.block), f"the {signal} signal", Location(path, function.name_span))


def _signal(symbols: Symbols, placed: Placed) -> str | None:
    value = placed.value.callee if isinstance(placed.value, Call) else placed.value
    if not isinstance(value, Name) or not value.ref.endswith(".connect"):
        return None
    target = symbols.target(placed.path, value.ref.removesuffix(".connect"))
    if not isinstance(target, External) or not target.name.startswith("celery."):
        return None
    signal = target.name.rpartition(".")[2]
    return signal if signal in WORKER_SIGNALS else None
