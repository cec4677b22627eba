"""LINK: asynchronous clients and primitives that belong to the event loop that first used them, and outlive it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from msgspec import Struct

from celery_lint.facts.model import Call, Function, Literal, Name, Value
from celery_lint.finding import Location
from celery_lint.project.code.expressions import last_name, within
from celery_lint.project.code.holders import Holder, Holders, returns
from celery_lint.project.code.index import FileIndex
from celery_lint.project.code.patterns import Pattern
from celery_lint.project.code.refs import ClassRef, FunctionRef
from celery_lint.project.code.withs import withs_in
from celery_lint.project.model import Reached, Task

if TYPE_CHECKING:
    from celery_lint.project.project import Project

CLOSED = "Event loop is closed"
OTHER = "attached to a different loop"
BOUND = "is bound to a different event loop"
# Reproduced to fail when a second `asyncio.run()` uses them (some every other time), with what they say then. Only the
# MongoDB clients are not: they refuse another loop by themselves.
LOOP_BOUND: Mapping[str, str] = {
    "redis.asyncio.Redis": CLOSED,
    "redis.asyncio.StrictRedis": CLOSED,
    "redis.asyncio.from_url": CLOSED,
    "redis.asyncio.Redis.from_url": CLOSED,
    "redis.asyncio.client.Redis": CLOSED,
    "redis.asyncio.client.Redis.from_url": CLOSED,
    "redis.asyncio.ConnectionPool": CLOSED,
    "redis.asyncio.ConnectionPool.from_url": CLOSED,
    "aioredis.from_url": CLOSED,
    "aioredis.Redis": CLOSED,
    "aioredis.Redis.from_url": CLOSED,
    "httpx.AsyncClient": CLOSED,
    "openai.AsyncOpenAI": CLOSED,
    "openai.AsyncAzureOpenAI": CLOSED,
    "anthropic.AsyncAnthropic": CLOSED,
    "aiohttp.ClientSession": CLOSED,
    "aiogram.Bot": CLOSED,
    "telegram.Bot": CLOSED,
    "elasticsearch.AsyncElasticsearch": CLOSED,
    "asyncpg.create_pool": OTHER,
    "asyncpg.connect": OTHER,
    "motor.motor_asyncio.AsyncIOMotorClient": CLOSED,
    "pymongo.AsyncMongoClient": CLOSED,
    "asyncio.Lock": BOUND,
    "asyncio.Semaphore": BOUND,
    "asyncio.BoundedSemaphore": BOUND,
    "asyncio.Queue": BOUND,
    "asyncio.Event": BOUND,
    "asyncio.Condition": BOUND,
}
# What lets a coroutine through at once, unless another one holds it.
_LOCKS = frozenset({"asyncio.Lock", "asyncio.Semaphore", "asyncio.BoundedSemaphore"})
_NAMES = sorted({name.rpartition(".")[2] for name in LOOP_BOUND})
_MENTION = Pattern(rb"\b(?:" + "|".join(_NAMES).encode() + rb")\s*\(")
_PACKAGES = re.compile("|".join(sorted({name.partition(".")[0] for name in LOOP_BOUND})).encode())
_CACHES = frozenset({"functools.lru_cache", "functools.cache"})
_CLOSES = frozenset({"close", "aclose", "disconnect", "shutdown", "terminate"})


class Client(Struct, frozen=True, eq=False):
    """One asynchronous client or primitive that outlives a run: MAKER is what made it (`redis.asyncio.from_url`), ERROR
    what its second loop gets to hear. It is reached through the names HOLDERS, or as ATTRIBUTE of the class OWNER, of
    which there is one object for the whole process; or what the function FACTORY keeps (`@lru_cache`)."""

    path: str
    call: Call
    maker: str
    error: str
    holders: frozenset[Holder]
    owner: ClassRef | None = None
    attribute: str = ""
    factory: FunctionRef | None = None
    factory_name: str = ""

    @property
    def location(self) -> Location:
        """The call that makes it."""
        return Location(self.path, self.call.span)

    @property
    def is_primitive(self) -> bool:
        """Whether it is a lock, a queue or the like: bound to a loop by the first that has to wait for it."""
        return self.maker.startswith("asyncio.")

    @property
    def is_lock(self) -> bool:
        """Whether it is a primitive that binds itself to a loop only when two coroutines want it at a time."""
        return self.maker in _LOCKS

    @property
    def name(self) -> str:
        """What the code calls it."""
        if self.owner is not None:
            return f"self.{self.attribute}"
        if self.factory is not None:
            return self.factory_name
        return min(self.holders, key=lambda holder: (holder.path != self.path, holder.name)).name


def used_clients(project: Project) -> Iterator[tuple[Client, tuple[Task, ...]]]:
    """Each client that outlives a run, with the tasks that use it from coroutines, on whatever loop."""
    if project.options.asyncio_bridge == "persistent-loop":
        return
    holders = Holders(project.files, project.symbols)
    code = _Code(project)
    for client in _find(project, holders):
        users = _Users(project, holders, client)
        if users.renew(code):
            continue
        using = [reached for reached in project.reached.values() if reached.in_loop and users.uses(reached)]
        reaching = {task for reached in using for task in project.tasks_reaching(reached.function)}
        if reaching:
            yield client, tuple(task for task in project.tasks if task in reaching)


def _find(project: Project, holders: Holders) -> Iterator[Client]:
    for path in project.files.mentioning_all(_PACKAGES, _MENTION):
        index = project.index(path)
        for call in index.facts.calls:
            maker = project.symbols.external(path, call.callee)
            error = LOOP_BOUND.get(maker) if maker is not None else None
            if maker is not None and error is not None:
                yield from _kept(project, holders, index, call, maker, error)


def _kept(project: Project, holders: Holders, index: FileIndex, call: Call, maker: str, error: str) -> Iterator[Client]:
    """What CALL makes, when it stays: at the top level, where a global has no value yet, or in the one object of a
    class."""
    owner, _, attribute = (call.target or "").rpartition(".")
    if owner == "%self":
        made_by = project.symbols.enclosing_class(index.path, call.block)
        if made_by is not None and _is_made_once(project, holders, made_by):
            yield Client(index.path, call, maker, error, frozenset(), made_by, attribute)
        return
    function = index.function_at(call.block)
    if function is not None and _globals_set(index, function) and not _is_guarded(index, call.block):
        return
    held = holders.of(index, call)
    if held:
        yield Client(index.path, call, maker, error, held)
    elif function is not None and _is_cached(project, index, function) and returns(index, function, call):
        factory = FunctionRef(index.path, function.block)
        yield Client(index.path, call, maker, error, frozenset(), factory=factory, factory_name=f"{function.name}()")


def _is_cached(project: Project, index: FileIndex, function: Function) -> bool:
    """Whether FUNCTION, without arguments, gives the same object each time."""
    plain = (each.callee if isinstance(each, Call) else each for each in function.decorators)
    return not function.parameters and any(project.symbols.external(index.path, each) in _CACHES for each in plain)


def _is_made_once(project: Project, holders: Holders, owner: ClassRef) -> bool:
    """Whether a module keeps an object of the class OWNER, and no worker code makes others."""
    name = project.symbols.class_fact(owner).name
    reached = {(each.function.path, each.function.block) for each in project.reached.values()}
    kept = False
    for path in project.files.holding(name):
        index = project.index(path)
        for call in index.calls_named(name):
            if project.symbols.class_of(path, call.block, call.callee) != owner:
                continue
            function = index.function_at(call.block)
            if function is not None and (path, function.block) in reached and not _is_guarded(index, call.block):
                return False
            kept = kept or bool(holders.of(index, call))
    return kept


def _globals_set(index: FileIndex, function: Function) -> list[tuple[str, int]]:
    """The globals that FUNCTION gives a value, each with the block where it does."""
    assigned = ((item.target or "", item.block) for item in index.assignments(function))
    return [(target[1:], block) for target, block in assigned if target.startswith("@")]


def _is_guarded(index: FileIndex, block: int) -> bool:
    """Whether the code in BLOCK runs only where a global has no value yet: `if client is None:`."""
    for number in index.up(block):
        around = index.block(number)
        if around.kind == "function":
            return False
        if around.kind == "if" and around.value is not None and _asks_for_value(around.value):
            return True
    return False


def _asks_for_value(test: Value) -> bool:
    """Whether TEST is about one global (or class attribute) and nothing else: not about the loop that it belongs to."""
    inside = list(within(test))
    names = {value.ref for value in inside if isinstance(value, Name)}
    constants = all(value.value is None for value in inside if isinstance(value, Literal))
    return len(names) == 1 and constants and all(name.startswith(("@", "%cls.", "%self.")) for name in names)


class _Code:
    """What worker code does that may renew some client, looked for once."""

    def __init__(self, project: Project) -> None:
        self._project = project

    @cached_property
    def functions(self) -> list[tuple[FileIndex, Function]]:
        """All its functions."""
        symbols = self._project.symbols
        return [(symbols.index(function), symbols.fact(function)) for function in self._project.reached]

    @cached_property
    def closing(self) -> list[tuple[FileIndex, Function, Call]]:
        """The calls that close something."""
        return [
            (index, fact, call)
            for index, fact in self.functions
            for call in index.calls(fact)
            if last_name(call.callee) in _CLOSES
        ]

    @cached_property
    def globals_set(self) -> frozenset[Holder]:
        """The globals that are given a value, whether they have one or not."""
        return frozenset(
            Holder(index.path, name)
            for index, fact in self.functions
            for name, block in _globals_set(index, fact)
            if not _is_guarded(index, block)
        )


class _Users(Struct, frozen=True):
    """Tells what functions do with one client."""

    project: Project
    holders: Holders
    client: Client

    def uses(self, reached: Reached) -> bool:
        """Whether a function uses the client; a primitive only counts where it is waited for."""
        index, fact = self._function(reached)
        if fact.name == "__init__":
            return False
        if not self.client.is_primitive:
            return any(self._is_held(index, fact, value) for value in index.values(fact))
        awaited = (call.callee for call in index.calls(fact) if call.use == "awaited")
        entered = (item.value for number in withs_in(index, fact.block) for item in index.block(number).items)
        return any(self._is_held(index, fact, value) for value in (*awaited, *entered))

    def renew(self, code: _Code) -> bool:
        """Whether some function of CODE closes the client at the end of a run, or makes it anew."""
        if self.client.factory is not None:
            return any(self._closes_what_it_gets(index, fact) for index, fact in code.functions)
        if self.client.holders & code.globals_set:
            return True
        if any(self._is_held(index, fact, call.callee) for index, fact, call in code.closing):
            return True
        owned = code.functions if self.client.owner is not None else ()
        return any(self._makes_attribute_anew(index, fact) for index, fact in owned)

    def _closes_what_it_gets(self, index: FileIndex, fact: Function) -> bool:
        """Whether a function gets the client from its factory and closes something, or empties the cache."""
        gets = [call for call in index.calls(fact) if self._is_held(index, fact, call)]
        closes = any(last_name(call.callee) in _CLOSES for call in index.calls(fact))
        name = self.client.factory_name.removesuffix("()")
        empties = (
            isinstance(call.callee, Name) and call.callee.ref.endswith(f"{name}.cache_clear")
            for call in index.calls(fact)
        )
        return (
            any(empties)
            or bool(gets and closes)
            or (not self.client.is_primitive and any(call.use == "entered" for call in gets))
        )

    def _makes_attribute_anew(self, index: FileIndex, fact: Function) -> bool:
        return fact.name != "__init__" and any(
            item.target == f"%self.{self.client.attribute}"
            and not _is_guarded(index, item.block)
            and self.project.symbols.enclosing_class(index.path, item.block) == self.client.owner
            for item in index.assignments(fact)
        )

    def _function(self, reached: Reached) -> tuple[FileIndex, Function]:
        return self.project.symbols.index(reached.function), self.project.symbols.fact(reached.function)

    def _is_held(self, index: FileIndex, fact: Function, value: Value) -> bool:
        """Whether VALUE, in the function FACT, starts with the client."""
        if self.client.factory is not None:
            called = (
                self.project.symbols.function(index.path, value.block, value.callee)
                if isinstance(value, Call)
                else None
            )
            return called == self.client.factory
        if not isinstance(value, Name) or value.ref.startswith("builtins."):
            return False
        if self.client.owner is None:
            return self.holders.at(index.path, fact.block, value.ref) in self.client.holders
        head, found, _ = value.ref.partition(f".{self.client.attribute}")
        return bool(found) and self.project.symbols.type_of(index.path, fact.block, Name(head)) == self.client.owner
