"""What is awaited, or run on a loop: a coroutine, or another awaitable."""

from __future__ import annotations

from typing import Literal as OneOf

from celery_lint.facts.model import Await, Call, Choice, Function, Name, Operation, Value
from celery_lint.project.code.index import FileIndex
from celery_lint.project.code.symbols import External, FunctionRef, Symbols

_COROUTINES = frozenset(
    {"asyncio.wait_for", "asyncio.sleep", "asyncio.wait", "asyncio.to_thread", "asyncio.open_connection"}
)
_FUTURES = frozenset({
    "asyncio.gather", "asyncio.ensure_future", "asyncio.create_task", "asyncio.shield", "asyncio.wrap_future",
    "asyncio.as_completed",
})  # fmt: skip

Awaitability = OneOf["coroutine", "awaitable", "unknown"]


class Awaitables:
    """Answers what values are when they are awaited."""

    def __init__(self, symbols: Symbols) -> None:
        self.symbols = symbols

    def of(self, index: FileIndex, block: int, value: Value, depth: int = 0) -> Awaitability:
        """Whether VALUE is provably a coroutine, an awaitable that is none, or neither."""
        if depth > 6:
            return "unknown"
        match value:
            case Call():
                return self._of_call(index, block, value)
            case Choice():
                both = {self.of(index, block, side, depth + 1) for side in (value.body, value.orelse)}
                return both.pop() if len(both) == 1 else "unknown"
            case Name():
                return self._of_name(index, block, value.ref, depth)
            case Await() | Operation():
                return "unknown"
        return "unknown"

    def _of_call(self, index: FileIndex, block: int, call: Call) -> Awaitability:
        name = self.symbols.external(index.path, call.callee)
        if name in _COROUTINES:
            return "coroutine"
        if name in _FUTURES:
            return "awaitable"
        function = self.symbols.function(index.path, block, call.callee)
        if function is None:
            return "unknown"
        return "coroutine" if is_plain_coroutine(self.symbols.fact(function)) else "unknown"

    def _of_name(self, index: FileIndex, block: int, ref: str, depth: int) -> Awaitability:
        if not ref.startswith("%"):
            return "unknown"
        assigned = self.symbols.assigned(index.path, block, ref)
        kinds = {self.of(index, item.block, item.value, depth + 1) for item in assigned if item.value is not None}
        if len(kinds) == 1:
            return kinds.pop()
        return "unknown" if assigned else self._of_parameter(index, block, ref.removeprefix("%"), depth)

    def _of_parameter(self, index: FileIndex, block: int, name: str, depth: int) -> Awaitability:
        """A parameter is what its annotation says, else what all callers of the project pass."""
        function = index.function_at(block)
        parameter = next((item for item in function.parameters if item.name == name), None) if function else None
        if function is None or parameter is None:
            return "unknown"
        annotation = parameter.annotation
        if annotation is not None:
            owner = self.symbols.annotated(index.path, block, annotation)
            if isinstance(owner, External) and owner.name.rpartition(".")[2] == "Coroutine":
                return "coroutine"
        return self._of_callers(index, function, name, depth)

    def _of_callers(self, index: FileIndex, function: Function, name: str, depth: int) -> Awaitability:
        ref = FunctionRef(index.path, function.block)
        positions = [item.name for item in function.parameters if not item.star]
        offset = 1 if index.class_of(function) is not None else 0
        kinds: set[Awaitability] = set()
        for path in self.symbols.files.holding(function.name):
            other = self.symbols.files.python(path)
            for call in other.calls_named(function.name):
                if self.symbols.function(path, call.block, call.callee) != ref:
                    continue
                argument = call.argument(positions.index(name) - offset, name)
                if argument is not None:
                    kinds.add(self.of(other, call.block, argument.value, depth + 1))
        return kinds.pop() if len(kinds) == 1 else "unknown"


def is_plain_coroutine(fact: Function) -> bool:
    """Whether calling a function gives a coroutine: `async def`, no generator, nothing around it."""
    return fact.is_async and not fact.is_generator and not fact.decorators
