"""LINK: which calls make a synchronous engine open a connection."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import Struct

from celery_lint.facts.model import Assignment, Call, Name, Value
from celery_lint.project.code.expressions import last_name, within
from celery_lint.project.code.index import FileIndex
from celery_lint.project.code.patterns import Pattern
from celery_lint.project.code.values import Known
from celery_lint.project.database.engines import SYNC, Engine, Engines, address
from celery_lint.project.database.forking import Step
from celery_lint.project.settings.flask import FlaskConfig

if TYPE_CHECKING:
    from celery_lint.project.project import Project

_CONNECTS = frozenset({"connect", "begin", "execute", "raw_connection", "scalar", "table_names", "has_table"})
# With the engine as an argument these talk to the database.
_TAKES_ENGINE = frozenset({
    "create_all", "drop_all", "reflect", "inspect", "read_sql", "read_sql_query", "read_sql_table", "to_sql",
})  # fmt: skip
# On a session; what comes before (`query(…)`, `filter(…)`) only describes what is wanted.
_QUERIES = frozenset({
    "execute", "scalar", "scalars", "exec", "get", "flush", "all", "first", "one", "one_or_none", "count",
})  # fmt: skip
_FLASK = frozenset({"create_all", "drop_all", "reflect"})
_WORDS = _CONNECTS | _TAKES_ENGINE | _QUERIES | {"autoload_with", "prepare"}
_MENTION = Pattern(rb"\b(?:" + "|".join(sorted(_WORDS)).encode() + rb")\b")


_SERVERS = r"postgres\w*|mysql|mariadb"
_DRIVERS = ("psycopg", "psycopg2", "asyncpg", "pg8000", "pymysql", "mysqlclient", "mysql-connector-python", "pyodbc")


class EarlyUse(Struct, frozen=True):
    """A call that makes ENGINE connect before the workers fork, and the WAY from a module's import to it."""

    engine: Engine
    way: tuple[Step, ...]
    is_flask: bool


def early_uses(project: Project) -> Iterator[EarlyUse]:
    """For each pooled engine that worker code uses, the first call that makes it connect before the fork."""
    engines = Engines(project.files, project.evaluator, SYNC)
    for engine in engines.find():
        if not engine.holders or engine.dialect == "sqlite" or not project.forking.apps:
            continue
        name = engines.symbols.external(engine.path, engine.call.callee) or ""
        connecting = _Connecting(engine, engines, name.startswith("flask_sqlalchemy"))
        way = next(_ways(connecting, project), None)
        if way is not None and _is_used_later(connecting, project) and not _is_sqlite(connecting, project):
            yield EarlyUse(engine, way, connecting.is_flask)


def _is_sqlite(connecting: _Connecting, project: Project) -> bool:
    """Whether Flask's configuration names SQLite, which has no server at the other end that could mix up answers. As
    the default of a variable it only counts where the project knows no other database."""
    if not connecting.is_flask:
        return False
    urls = FlaskConfig(project.evaluator).values("SQLALCHEMY_DATABASE_URI")
    if not urls or not all(address(url, project.evaluator).startswith("sqlite:") for url in urls):
        return False
    known = [project.evaluator.text(url) for url in urls]
    from_environment = any(isinstance(each, Known) and each.from_environment for each in known)
    return not from_environment or not (project.mentions(_SERVERS) or any(map(project.requires, _DRIVERS)))


def _is_used_later(connecting: _Connecting, project: Project) -> bool:
    # With Flask-SQLAlchemy the models know the engine by themselves.
    if connecting.is_flask:
        return bool(project.tasks)
    in_tasks = (reached for reached in project.reached.values() if reached.task is not None)
    return any(connecting.engines.uses(connecting.engine, reached) for reached in in_tasks)


def _ways(connecting: _Connecting, project: Project) -> Iterator[tuple[Step, ...]]:
    for path in project.forking.loaded_of(project.files.mentioning(_MENTION)):
        index = project.index(path)
        for call in index.facts.calls:
            if connecting.is_done_by(call, index) and not _is_disposed_after(index, call):
                way = project.forking.way(path, call)
                if way is not None:
                    yield way


def _is_disposed_after(index: FileIndex, call: Call) -> bool:
    """Whether the same code disposes of an engine at the end."""
    function = index.function_at(call.block)
    return any(
        index.function_at(other.block) is function and other.span.start > call.span.start
        for other in index.calls_named("dispose")
    )


class _Connecting(Struct, frozen=True):
    """Recognises the calls that make one engine connect."""

    engine: Engine
    engines: Engines
    is_flask: bool

    def is_done_by(self, call: Call, index: FileIndex) -> bool:
        """Whether CALL makes the engine connect."""
        name = last_name(call.callee)
        if name is None:
            return False
        if self._is_given(call, name, index):
            return True
        owner = call.callee.ref.rpartition(".")[0] if isinstance(call.callee, Name) else ""
        if self.is_flask:
            return self._is_of_flask(call.callee, owner, name, index)
        if name in _CONNECTS and self._is_engine(Name(owner), index):
            return True
        return name in _QUERIES and any(self._is_session(ref, index, call) for ref in _owners(call.callee))

    def _is_given(self, call: Call, name: str, index: FileIndex) -> bool:
        """Whether CALL talks to the database through the engine that is its argument."""
        given = [argument for argument in call.arguments if self._is_engine(argument.value, index)]
        reflects = name == "prepare" and call.argument(None, "reflect") is not None
        by_name = any(argument.keyword == "autoload_with" for argument in given)
        return bool(given) and (name in _TAKES_ENGINE or reflects or by_name)

    def _is_of_flask(self, callee: Value, owner: str, name: str, index: FileIndex) -> bool:
        """`db.create_all()`, `db.engine.connect()`, `db.session.query(…).all()`."""
        if name in _FLASK and self._is_held(owner, index):
            return True
        wanted = {"engine": _CONNECTS, "session": _QUERIES}
        for ref in _owners(callee):
            for part, names in wanted.items():
                head, found, _ = ref.partition(f".{part}")
                if found and name in names and self._is_held(head, index):
                    return True
        return False

    def _is_session(self, ref: str, index: FileIndex, call: Call) -> bool:
        """Whether REF starts with a session of the engine that the same code has opened, or with a scoped session."""
        head = ref.partition(".")[0]
        function = index.function_at(call.block)
        for other in index.facts.calls:
            if other.target == head and index.function_at(other.block) is function and isinstance(other.callee, Name):
                return self._is_held(other.callee.ref, index)
        return self._is_held(head, index) and not self._is_engine(Name(head), index)

    def _is_held(self, ref: str, index: FileIndex) -> bool:
        return bool(ref) and self.engines.holders.named(index.path, ref) in self.engine.holders

    def _is_engine(self, value: Value, index: FileIndex) -> bool:
        """Whether VALUE names the engine itself, and not something made from it."""
        if not isinstance(value, Name) or not value.ref:
            return False
        holder = self.engines.holders.named(index.path, value.ref)
        if holder is None or holder not in self.engine.holders:
            return False
        made = self.engines.files.python(holder.path)
        values = [item.value for item in made.definitions.get(holder.name, []) if isinstance(item, Assignment)]
        return any(value is not None and self._makes(value, made) for value in values)

    def _makes(self, value: Value, index: FileIndex) -> bool:
        if value == self.engine.call:
            return True
        if not isinstance(value, Call) or self.engine.function is None:
            return False
        return self.engines.symbols.function(index.path, value.block, value.callee) == self.engine.function


def _owners(callee: Value) -> list[str]:
    """The names at the root of what a method is called on: `session` in `session.query(User).all()`."""
    return [value.ref for value in within(callee) if isinstance(value, Name) and "." in value.ref]
