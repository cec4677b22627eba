"""LINK: connections and clients that modules open while a worker imports them, and that its processes then share."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import Struct

from celery_lint.facts.model import Call, Literal, Name
from celery_lint.project.code.expressions import last_name
from celery_lint.project.code.holders import Holder, Holders, returns
from celery_lint.project.code.index import FileIndex
from celery_lint.project.code.patterns import Pattern
from celery_lint.project.database.forking import Step
from celery_lint.project.model import Reached

if TYPE_CHECKING:
    from celery_lint.project.project import Project

# Connections and pools of them, open as soon as they are made.
_DATABASES = {
    "psycopg.connect": "a PostgreSQL connection",
    "psycopg.Connection.connect": "a PostgreSQL connection",
    "psycopg2.connect": "a PostgreSQL connection",
    "psycopg2.pool.SimpleConnectionPool": "a pool of PostgreSQL connections",
    "psycopg2.pool.ThreadedConnectionPool": "a pool of PostgreSQL connections",
    "psycopg_pool.ConnectionPool": "a pool of PostgreSQL connections",
    "MySQLdb.connect": "a MySQL connection",
    "pymysql.connect": "a MySQL connection",
    "mysql.connector.connect": "a MySQL connection",
    "mariadb.connect": "a MariaDB connection",
    "smtplib.SMTP": "an SMTP connection",
    "smtplib.SMTP_SSL": "an SMTP connection",
}
# Documented by their authors not to survive a fork: they have threads, locks or sockets that the child has not.
_CLIENTS = {
    "pymongo.MongoClient": "a MongoDB client",
    "pymongo.mongo_client.MongoClient": "a MongoDB client",
    "grpc.insecure_channel": "a gRPC channel",
    "grpc.secure_channel": "a gRPC channel",
    "kafka.KafkaProducer": "a Kafka producer",
    "kafka.KafkaConsumer": "a Kafka consumer",
    "confluent_kafka.Producer": "a Kafka producer",
    "confluent_kafka.Consumer": "a Kafka consumer",
    "pika.BlockingConnection": "a RabbitMQ connection",
    "google.cloud.pubsub_v1.PublisherClient": "a Pub/Sub client",
    "google.cloud.pubsub_v1.SubscriberClient": "a Pub/Sub client",
    "google.cloud.pubsub.PublisherClient": "a Pub/Sub client",
    "google.cloud.pubsub.SubscriberClient": "a Pub/Sub client",
}
# Open no connection before the first request.
_SESSIONS = {
    "requests.Session": "an HTTP session",
    "requests.session": "an HTTP session",
    "requests.sessions.Session": "an HTTP session",
    "httpx.Client": "an HTTP client",
}
_REQUESTS = frozenset({"get", "post", "put", "patch", "delete", "head", "options", "request", "send"})
_LAZY = {"connect": False, "open": False, "minconn": 0, "min_size": 0}
_MINIMUM_FIRST = ("SimpleConnectionPool", "ThreadedConnectionPool")
_CLOSES = frozenset({"close", "closeall", "disconnect"})


class EarlyClient(Struct, frozen=True):
    """WHAT is open before the workers fork: made by MADE, at the end of WAY, or (an HTTP session) used there. USERS are
    the functions of worker code that use it. GARBLES: processes that share it get each other's data."""

    what: str
    name: str
    made: Step
    way: tuple[Step, ...]
    users: tuple[Reached, ...]
    garbles: bool


class EarlyClients:
    """Finds the connections of a project that are open when its workers fork."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.holders = Holders(project.files, project.symbols)

    def find(self) -> Iterator[EarlyClient]:
        """All that worker code uses afterwards."""
        forking = self.project.forking
        if not forking.apps or forking.has_hooks:
            return
        for path in self._mentioning():
            index = self.project.index(path)
            for call in index.facts.calls:
                name = self.project.symbols.external(path, call.callee)
                if name in _DATABASES or name in _CLIENTS:
                    yield from self._opened(index, call, {**_DATABASES, **_CLIENTS}[name], name in _DATABASES)
                elif name in _SESSIONS:
                    yield from self._used(index, call, _SESSIONS[name])

    def _mentioning(self) -> list[str]:
        """The files that mention the package of a client and call something of its name."""
        files = self.project.files
        makers: dict[str, set[str]] = defaultdict(set)
        for dotted in (*_DATABASES, *_CLIENTS, *_SESSIONS):
            makers[dotted.partition(".")[0]].add(dotted.rpartition(".")[2])
        found: set[str] = set()
        for package, names in makers.items():
            calls = Pattern(rf"\b(?:{'|'.join(sorted(names))})\s*\(".encode())
            found.update(files.mentioning(calls, files.holding(package)))
        return sorted(found)

    def _opened(self, index: FileIndex, call: Call, what: str, garbles: bool) -> Iterator[EarlyClient]:
        way = self.project.forking.way(index.path, call) if not _is_lazy(call) else None
        held = self._held(way) if way is not None else frozenset()
        if way is not None and not any(self._calls(held, step.path, _CLOSES) for step in way):
            yield from self._shared(held, what, Step(index.path, call), way, garbles)

    def _used(self, index: FileIndex, call: Call, what: str) -> Iterator[EarlyClient]:
        """An HTTP session keeps the connection of a request for the next one."""
        made = self.project.forking.way(index.path, call)
        held = self._held(made) if made is not None else frozenset()
        for path in dict.fromkeys(holder.path for holder in held):
            for request in self._calls(held, path, _REQUESTS):
                way = self.project.forking.way(path, request)
                if way is not None:
                    yield from self._shared(held, what, Step(index.path, call), way, True)
                    return

    def _shared(
        self, held: frozenset[Holder], what: str, made: Step, way: tuple[Step, ...], garbles: bool
    ) -> Iterator[EarlyClient]:
        renewed = any(self._uses(held, function.path, function.block) for function in self.project.forking.handlers)
        in_tasks = (reached for reached in self.project.reached.values() if reached.task is not None)
        users = tuple(each for each in in_tasks if self._uses(held, each.function.path, each.function.block))
        if users and not renewed:
            yield EarlyClient(
                what,
                min(held, key=lambda holder: (holder.path != made.path, holder.name)).name,
                made,
                way,
                users,
                garbles,
            )

    def _held(self, way: tuple[Step, ...]) -> frozenset[Holder]:
        """The names at the top level that keep what the last step of WAY makes: it may be returned on the way, or be
        kept in an object that the module makes."""
        for position in range(len(way) - 1, -1, -1):
            step = way[position]
            index = self.project.index(step.path)
            function = index.function_at(step.call.block)
            found = self.holders.of(index, step.call)
            if found or function is None:
                return found
            kept = (step.call.target or "").startswith("%self.") and function.name == "__init__"
            if not kept and not returns(index, function, step.call):
                return frozenset()
        return frozenset()

    def _calls(self, held: frozenset[Holder], path: str, methods: frozenset[str]) -> list[Call]:
        """The calls of METHODS on one of the names HELD, while PATH is imported."""
        return [
            call
            for call in self.project.index(path).calls_by_function.get(-1, [])
            if last_name(call.callee) in methods
            and isinstance(call.callee, Name)
            and self.holders.named(path, call.callee.ref.rpartition(".")[0]) in held
        ]

    def _uses(self, held: frozenset[Holder], path: str, block: int) -> bool:
        """Whether the function with the body BLOCK mentions one of the names HELD, or gives it another value."""
        index = self.project.index(path)
        function = index.functions_by_block[block]
        assigned = {(path, (item.target or "").lstrip("@")) for item in index.assignments(function)}
        if any((holder.path, holder.name) in assigned for holder in held):
            return True
        names = (value.ref for value in index.values(function) if isinstance(value, Name))
        return any(self.holders.named(path, ref) in held for ref in names if not ref.startswith("builtins."))


def _is_lazy(call: Call) -> bool:
    """Whether an argument says that nothing is opened yet, or may say so."""
    if call.is_open or (last_name(call.callee) in ("SMTP", "SMTP_SSL") and call.argument(0, "host") is None):
        return True
    for name, lazy in _LAZY.items():
        argument = call.argument(0 if name == "minconn" and last_name(call.callee) in _MINIMUM_FIRST else None, name)
        if argument is not None and (not isinstance(argument.value, Literal) or argument.value.value == lazy):
            return True
    return False
