"""LINK: asynchronous clients and primitives of a module: they belong to the loop that first used them."""

from __future__ import annotations

from celery_lint.facts.model import Assignment, Call, Name
from celery_lint.finding import Location
from celery_lint.project.code.symbols import Internal, Symbols
from celery_lint.project.event_loops.loop_bound import LOOP_BOUND
from celery_lint.project.model import Reached

# Packages, modules and classes whose calls only make sense in a coroutine.
_ASYNCHRONOUS = (
    "redis.asyncio", "aioredis", "aiohttp", "httpx.AsyncClient", "asyncpg", "aiomysql", "aiopg", "aiosqlite",
    "motor.motor_asyncio", "pymongo.AsyncMongoClient", "sqlalchemy.ext.asyncio", "databases.Database", "aiobotocore",
    "aioboto3", "aiokafka", "aio_pika", "aiosmtplib", "openai.AsyncOpenAI", "anthropic.AsyncAnthropic",
    "elasticsearch.AsyncElasticsearch", "neo4j.AsyncGraphDatabase", "qdrant_client.AsyncQdrantClient",
)  # fmt: skip


def is_async_client(name: str) -> bool:
    """Whether the dotted NAME is of a client for coroutines, or of the library of one."""
    return any(name == known or name.startswith(f"{known}.") for known in _ASYNCHRONOUS)


def global_client(reached: Reached, symbols: Symbols) -> tuple[str, Location] | None:
    """The first asynchronous client of a module's top level that a function uses: its name and where it is made."""
    index, fact = symbols.index(reached.function), symbols.fact(reached.function)
    for value in index.values(fact):
        if not isinstance(value, Name) or value.ref.startswith(("%", "builtins.")):
            continue
        target = symbols.target(index.path, value.ref)
        if not isinstance(target, Internal) or not isinstance(target.fact, Assignment):
            continue
        made = target.fact.value
        if isinstance(made, Call) and symbols.external(target.path, made.callee) in LOOP_BOUND:
            return (target.fact.target or "").lstrip("@"), Location(target.path, target.fact.span)
    return None
