"""LINK: over what an application sends its messages, and where it keeps its results.

Both questions are three-valued: `Known("redis")`, `Unknown`, or None for what is surely not configured. A value that is
only the default of a variable, that a file of the environment gives it, or that the variable's name tells
(`os.environ["REDIS_URL"]`), is `Known` with `from_environment`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from celery_lint.facts.model import (
    Assignment,
    Attribute,
    Call,
    Choice,
    Literal,
    Name,
    Operation,
    Subscript,
    Text,
    Value,
)
from celery_lint.project.code.symbols import External, Internal
from celery_lint.project.code.values import Known, Placed, Unknown
from celery_lint.project.model import App
from celery_lint.project.settings.django import Django

if TYPE_CHECKING:
    from celery_lint.project.project import Project

Family = Known[str] | Unknown | None

# Schemes (and names of transports) that mean the same kind of server.
_BROKERS = {
    "redis": "redis", "rediss": "redis", "redis+socket": "redis", "sentinel": "redis", "valkey": "redis",
    "valkeys": "redis", "amqp": "amqp", "amqps": "amqp", "pyamqp": "amqp", "librabbitmq": "amqp", "rabbitmq": "amqp",
    "sqs": "sqs", "gcpubsub": "gcpubsub", "memory": "memory", "filesystem": "filesystem", "sqla": "sqlalchemy",
    "sqlalchemy": "sqlalchemy", "mongodb": "mongodb", "confluentkafka": "kafka", "kafka": "kafka",
    "azureservicebus": "azureservicebus", "azurestoragequeues": "azurestoragequeues", "zookeeper": "zookeeper",
    "consul": "consul", "etcd": "etcd", "qpid": "qpid", "pyro": "pyro", "slmq": "slmq",
}  # fmt: skip
_BACKENDS = {
    **{scheme: family for scheme, family in _BROKERS.items() if family == "redis"},
    "rpc": "rpc", "db": "database", "database": "database", "django-db": "django-db", "django-cache": "django-cache",
    "cache": "cache", "memcache": "cache", "file": "filesystem", "filesystem": "filesystem", "mongodb": "mongodb",
    "elasticsearch": "elasticsearch", "dynamodb": "dynamodb", "s3": "s3", "azureblockblob": "azureblockblob",
    "cassandra": "cassandra", "couchbase": "couchbase", "couchdb": "couchdb", "consul": "consul", "gs": "gcs",
    "cosmosdbsql": "cosmosdbsql", "arangodb": "arangodb", "disabled": "disabled", "amqp": "amqp",
}  # fmt: skip
# Dotted paths of backend classes: `django_celery_results.backends.DatabaseBackend`.
_BACKEND_CLASSES = (
    (re.compile(r"^django_celery_results\b.*\bDatabaseBackend$"), "django-db"),
    (re.compile(r"^django_celery_results\b.*\bCacheBackend$"), "django-cache"),
    (re.compile(r"^celery\.backends\.(redis|rpc|database|cache|filesystem|mongodb)\b"), None),
)
_SCHEME = re.compile(r"^([A-Za-z][A-Za-z0-9+.-]*)://")
_BROKER_SETTINGS = ("broker_url", "broker_transport", "broker_read_url", "broker_write_url")
# What the name of a variable says about the address it holds.
_NAMES = (("redis", "redis"), ("valkey", "redis"), ("rabbit", "amqp"), ("amqp", "amqp"), ("sqs", "sqs"))
_DEPTH = 8


class Transports:
    """Answers which broker and which result backend applications use."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._brokers: dict[App, Family] = {}
        self._backends: dict[App, Family] = {}

    def broker(self, app: App) -> Family:
        """The kind of broker: "redis" (also Sentinel), "amqp", "sqs", "gcpubsub", "memory", …; None when nothing
        configures one (Celery then looks for RabbitMQ on this machine)."""
        if app not in self._brokers:
            self._brokers[app] = self._find_broker(app)
        return self._brokers[app]

    def result_backend(self, app: App) -> Family:
        """The kind of result backend: "redis", "rpc", "database", "django-db", "django-cache", "cache", "filesystem",
        "mongodb", "disabled", …; None when nothing configures one (results are then nowhere)."""
        if app not in self._backends:
            self._backends[app] = self._find_backend(app)
        return self._backends[app]

    def _find_broker(self, app: App) -> Family:
        given = self._project.options.broker
        if given is not None:
            return Known(_BROKERS.get(_kind(given), _kind(given)))
        deployed = self._deployed(app, ("CELERY_BROKER_URL",), ("broker",), _BROKERS)
        if deployed is not None:
            return deployed
        for name in _BROKER_SETTINGS:
            setting = app.settings.get(name)
            if setting is not None:
                found = self._family(setting.value, _BROKERS)
                if found is not None:
                    return found
        return self._unset(app, _BROKER_SETTINGS, "CELERY_BROKER_URL")

    def _find_backend(self, app: App) -> Family:
        given = self._project.options.result_backend
        if given is not None:
            return Known(_BACKENDS.get(_kind(given), _kind(given)))
        deployed = self._deployed(app, ("CELERY_RESULT_BACKEND",), ("result_backend",), _BACKENDS)
        if deployed is not None:
            return deployed
        setting = app.settings.get("result_backend")
        found = self._family(setting.value, _BACKENDS) if setting is not None else None
        return found if found is not None else self._unset(app, ("result_backend",), "CELERY_RESULT_BACKEND")

    def _unset(self, app: App, names: tuple[str, ...], variable: str) -> Family:
        if all(app.settings.get(name) is None for name in names) and self._project.may_set(app, *names):
            return Unknown("it is configured where it cannot be seen")
        if self._project.mentions(variable):
            return Unknown("the environment may set it")
        return None

    def _deployed(
        self, app: App, variables: tuple[str, ...], options: tuple[str, ...], families: Mapping[str, str]
    ) -> Known[str] | None:
        """What the commands that run APP say themselves; it goes over the code. None when they say nothing, or do not
        agree."""
        found: set[str] = set()
        for command in self._project.commands:
            runs_tasks = command.invocation.is_worker or command.invocation.is_beat
            if not runs_tasks or (command.app is not app and command.app_is_known):
                continue
            given = [command.invocation.value(name) for name in options]
            given += [command.command.environment.get(name) for name in variables]
            found |= {_of_url(text, families) or "" for text in given if isinstance(text, str)}
        known = found - {""}
        return Known(known.pop(), True) if len(known) == 1 else None

    # values

    def _family(self, placed: Placed, families: Mapping[str, str], depth: int = 0) -> Family:
        """The kind of server that the address PLACED leads to; None when it is None or empty."""
        evaluator = self._project.evaluator
        placed = evaluator.follow(placed)
        known = evaluator.scalar(placed)
        if isinstance(known, Known):
            if not known.value:
                return self._by_name(placed, families) if known.from_environment else None
            family = _of_url(str(known.value), families) if isinstance(known.value, str) else None
            return Known(family, known.from_environment) if family is not None else Unknown("it is not known")
        if depth > _DEPTH:
            return known
        items = evaluator.items(placed)
        if items:
            return self._family(items[0], families, depth + 1)
        value = placed.value
        if isinstance(value, Choice) or (isinstance(value, Operation) and value.operator == "or"):
            sides = (value.body, value.orelse) if isinstance(value, Choice) else (value.left, value.right)
            return _agreed(self._family(placed.at(side), families, depth + 1) for side in sides)
        start = self._start(placed, depth)
        family = _of_url(start, families) if start is not None else None
        if family is not None:
            return Known(family)
        several = self._assigned(placed)
        if several:
            return _agreed(self._family(place, families, depth + 1) for place in several)
        return self._returned(placed, families, depth) or self._by_name(placed, families)

    def _assigned(self, placed: Placed) -> list[Placed]:
        """What is assigned to a variable, an attribute of a class or a setting of Django that has several values."""
        project, name = self._project, placed.value
        if not isinstance(name, Name):
            return []
        target = project.symbols.target(placed.path, name.ref)
        if name.ref.startswith("%"):
            found = project.symbols.assigned(placed.path, placed.block, name.ref)
            return [Placed(placed.path, item.block, item.value, placed.bound) for item in found if item.value]
        if isinstance(target, Internal) and isinstance(target.fact, Assignment) and not target.rest:
            same = project.index(target.path).definitions.get((target.fact.target or "")[1:], [])
            found = [item for item in same if isinstance(item, Assignment)]
            return [Placed(target.path, item.block, item.value) for item in found if item.value and len(found) > 1]
        if isinstance(target, External) and target.name.startswith("django.conf.settings."):
            return Django(project.evaluator).values(placed.path, target.name.rpartition(".")[2])
        return []

    def _start(self, placed: Placed, depth: int = 0) -> str | None:
        """How the string PLACED surely starts, when its whole cannot be known."""
        if depth > _DEPTH:
            return None
        evaluator = self._project.evaluator
        placed = evaluator.follow(placed)
        known = evaluator.text(placed)
        if isinstance(known, Known):
            return known.value
        value = placed.value
        match value:
            case Text(parts=(first, *rest)):
                start = self._start(placed.at(first), depth + 1)
                following = rest[0] if rest else None
                if start is not None and isinstance(following, Literal) and isinstance(following.value, str):
                    return start + following.value
                return start
            case Operation(operator="+" | "%"):
                return self._start(placed.at(value.left), depth + 1)
            case Call(callee=Attribute(name="format" | "replace" | "strip" | "rstrip", value=text)):
                return self._start(placed.at(text), depth + 1)
            case Call(callee=Name(ref="builtins.str")) if value.arguments:
                return self._start(placed.at(value.arguments[0].value), depth + 1)
        return None

    def _returned(self, placed: Placed, families: Mapping[str, str], depth: int) -> Known[str] | None:
        """What a function of the project returns, when all of its returns agree."""
        call = placed.value
        symbols = self._project.symbols
        function = symbols.function(placed.path, placed.block, call.callee) if isinstance(call, Call) else None
        if function is None:
            return None
        returns = [item for item in symbols.index(function).returns(symbols.fact(function)) if item.value is not None]
        places = (Placed(function.path, item.block, item.value) for item in returns if item.value is not None)
        found = _agreed(self._family(place, families, depth + 1) for place in places)
        return found if isinstance(found, Known) else None

    def _by_name(self, placed: Placed, families: Mapping[str, str]) -> Family:
        """What the files of the environment give a variable of that name (`settings.BROKER_URL`), or what the name
        says of the address in it: `settings.REDIS_URL`, `os.environ["AMQP_URL"]`."""
        name = _variable(placed.value)
        if name is None:
            return Unknown("it is computed at run time")
        given = self._given(name, families)
        if given is not None:
            return given
        for word, family in _NAMES:
            if word in name.lower():
                return Known(family, True)
        return Unknown("it is computed at run time")

    def _given(self, name: str, families: Mapping[str, str]) -> Family:
        """What files that are no code (`.env`, compose files, charts) give the variable NAME; None when none does."""
        files = self._project.files
        written = re.compile(rf"(?<![\w]){re.escape(name)}[\"']?\s*(?::-|[:=])\s*[\"']?([A-Za-z+]+://)".encode(), re.I)
        paths = [path for path in files.text_paths if files.mentions(path, written)]
        found = {url.decode() for path in paths for url in written.findall(files.data(path))}
        # What stays in the memory of one process is for tests: no worker ever sees it.
        found = {url for url in found if not url.endswith("memory://")}
        return _agreed(Known(family, True) for url in found if (family := _of_url(url, families)) is not None)


def _kind(text: str) -> str:
    """The scheme of an address, or the word that stands for one."""
    found = _SCHEME.match(text)
    return (found[1] if found else text).lower()


def _of_url(text: str, families: Mapping[str, str]) -> str | None:
    """The kind of server that an address, or the name of a transport or backend, means."""
    if text.startswith("${"):
        return None
    for pattern, family in _BACKEND_CLASSES:
        found = pattern.match(text)
        if found:
            return family or found[1]
    kind = _kind(text)
    if kind in families:
        return families[kind]
    # `db+postgresql://`, `sqla+sqlite://`, `cache+memcached://`, `amqp+ssl://`.
    return families.get(kind.partition("+")[0]) if "+" in kind else None


def _agreed(found: Iterable[Family]) -> Family:
    """The one answer that all of FOUND give, leaving out those that give none."""
    known = [item for item in found if item is not None]
    if not known:
        return None
    names = {item.value for item in known if isinstance(item, Known)}
    if len(names) != 1 or any(isinstance(item, Unknown) for item in known):
        return Unknown("it is not always the same")
    return Known(names.pop(), any(isinstance(item, Known) and item.from_environment for item in known))


def _variable(value: Value) -> str | None:
    """The last name of what holds a value: an attribute, a variable of the environment."""
    match value:
        case Name():
            return value.ref.rpartition(".")[2].lstrip("@%")
        case Attribute():
            return value.name
        case Subscript(index=Literal(value=str() as key)):
            return key
        case Call() if value.arguments:
            return next(_words(value), None)
    return None


def _words(call: Call) -> Iterator[str]:
    for argument in call.arguments:
        if isinstance(argument.value, Literal) and isinstance(argument.value.value, str) and not argument.keyword:
            yield argument.value.value
        elif isinstance(argument.value, Name | Attribute | Subscript):
            name = _variable(argument.value)
            if name is not None:
                yield name
