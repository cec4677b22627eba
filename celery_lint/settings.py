"""What a project may configure: typed, validated, each value with its origin."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import replace

from celery_lint.configfile import Place, read_table
from celery_lint.errors import ConfigurationError
from celery_lint.gitignore import is_usable
from celery_lint.gitroot import find_git_root
from celery_lint.output import OutputFormat

Level = Literal["error", "warning", "info"]
Preset = Literal["recommended", "strict"]
Version = Annotated[str, Meta(pattern=r"^\d+\.\d+(\.\d+)?$")]
Seconds = Annotated[int, Meta(ge=1)]


class TimeLimits(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The limits that a fix may write, in seconds."""

    soft: Annotated[Seconds | None, Meta(description="`task_soft_time_limit`, in seconds")] = None
    hard: Annotated[Seconds | None, Meta(description="`task_time_limit`, in seconds")] = None


class DeclaredWorker(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A worker whose deployment is kept elsewhere."""

    queues: Annotated[tuple[str, ...], Meta(description="What it consumes; the default queue when empty")] = ()
    pool: Annotated[
        Literal["prefork", "threads", "solo", "gevent", "eventlet", "processes"],
        Meta(description="Its execution pool"),
    ] = "prefork"
    concurrency: Annotated[
        Annotated[int, Meta(ge=1)] | None, Meta(description="Its number of processes, threads or greenlets")
    ] = None
    app: Annotated[str | None, Meta(description="What is given to it as `-A`")] = None


class Settings(Struct, frozen=True, kw_only=True, rename="kebab", forbid_unknown_fields=True):
    """All settings. Rules are given this as `project.options`. A selector is a code, the start of one, or a name."""

    select: Annotated[
        tuple[str, ...] | None, Meta(description="Selectors of the rules to run instead of the preset's")
    ] = None
    extend_select: Annotated[tuple[str, ...], Meta(description="Selectors of rules to run as well")] = ()
    ignore: Annotated[tuple[str, ...], Meta(description="Selectors of rules not to run")] = ()
    per_file_ignores: Annotated[
        dict[str, tuple[str, ...]],
        Meta(description="Pattern of paths, as in .gitignore → selectors of rules not to report there"),
    ] = {}
    baseline: Annotated[
        str | None, Meta(description="The file with findings not to report, if it is called otherwise than usual")
    ] = None
    exclude: Annotated[tuple[str, ...], Meta(description="Patterns of paths, as in .gitignore, that are not read")] = ()
    preset: Annotated[Preset, Meta(description="Which rules run when none are selected")] = "recommended"
    fail_level: Annotated[Level, Meta(description="The least severity that makes the exit status 1")] = "warning"
    severity: Annotated[dict[str, Level], Meta(description="Selector → severity to report these rules with")] = {}
    output_format: Annotated[OutputFormat, Meta(description="How findings are written")] = "full"
    projects: Annotated[tuple[str, ...], Meta(description="Globs of folders that each are a project of their own")] = ()
    celery_version: Annotated[
        Version | None, Meta(description="The Celery that the project runs on; else read from its requirements")
    ] = None
    python_version: Annotated[
        Version | None, Meta(description="The least Python that the project runs on; else read from pyproject.toml")
    ] = None
    kind: Annotated[
        Literal["application", "library"], Meta(description="A library leaves apps and workers to its users")
    ] = "application"
    asyncio_bridge: Annotated[
        Literal["asyncio-run", "persistent-loop"],
        Meta(description="How tasks run coroutines: a new loop each time, or one loop per process"),
    ] = "asyncio-run"
    async_bridges: Annotated[
        tuple[str, ...], Meta(description="Dotted names of functions that run a coroutine to its end")
    ] = ()
    async_policy: Annotated[
        Literal["bridge", "forbid", "allow"],
        Meta(description="Asynchronous clients in worker code: through a bridge, never, or as anybody likes"),
    ] = "bridge"
    task_decorators: Annotated[tuple[str, ...], Meta(description="Dotted names of decorators that declare a task")] = ()
    task_wrappers: Annotated[
        tuple[str, ...], Meta(description="Dotted names or globs of decorators that take a task on purpose")
    ] = ()
    session_factories: Annotated[
        tuple[str, ...], Meta(description="Dotted names of functions that open a database session")
    ] = ()
    broker: Annotated[str | None, Meta(description='The broker that all apps use: "redis", "amqp", "sqs", …')] = None
    result_backend: Annotated[
        str | None, Meta(description='Their result backend: "redis", "rpc", "database", "django-db", "disabled", …')
    ] = None
    external_queues: Annotated[
        tuple[str, ...], Meta(description="Names or globs of queues that workers elsewhere consume")
    ] = ()
    external_tasks: Annotated[
        tuple[str, ...], Meta(description="Names or globs of tasks that are defined elsewhere")
    ] = ()
    external_beat: Annotated[
        tuple[str, ...], Meta(description="Names or globs of tasks that are scheduled elsewhere, say in a database")
    ] = ()
    require_retry: Annotated[bool, Meta(description="Whether every task that calls another system has to retry")] = (
        False
    )
    require_route: Annotated[bool, Meta(description="Whether every task has to have a route of its own")] = False
    workers: Annotated[tuple[DeclaredWorker, ...], Meta(description="Workers whose deployment is kept elsewhere")] = ()
    time_limits: Annotated[TimeLimits, Meta(description="What the fix of missing-time-limit writes")] = TimeLimits()
    io_timeout: Annotated[Seconds | None, Meta(description="What the fix of io-without-timeout writes, in seconds")] = (
        None
    )
    max_sleep: Annotated[Seconds, Meta(description="How many seconds a task may sleep unreported")] = 5
    max_eta: Annotated[
        Seconds, Meta(description="How many seconds ahead of its time a task may be sent unreported")
    ] = 900
    missing_time_limit: Annotated[
        Literal["app", "per-task"], Meta(description="One finding for the app, or one for each of its tasks")
    ] = "app"
    unused_bind: Annotated[bool, Meta(description="Whether a bound task that never uses `self` is reported")] = False
    logger: Annotated[Literal["auto", "stdlib", "task"], Meta(description="The logger that fixes write")] = "auto"
    rules_path: Annotated[
        str | None,
        Meta(description="Folder, from the root, of rules of your own: code, which runs only with --own-rules"),
    ] = None


class Configuration(Struct, frozen=True):
    """The settings of the project at ROOT. ORIGINS says where each key that is set comes from
    (`pyproject.toml:12`, `command line`); the others have their default.

    OWN_RULES is the folder whose rules run beside ours: that of `rules-path`, if whoever started celery-lint trusts the
    project so far. No file can say so.
    """

    root: Path
    settings: Settings
    origins: Mapping[str, str]
    own_rules: Path | None = None

    def origin(self, key: str) -> str:
        """Where the value of KEY comes from."""
        return self.origins.get(key, "default")

    @property
    def withholds_rules(self) -> bool:
        """Whether the project has rules of its own that may not run."""
        return self.settings.rules_path is not None and self.own_rules is None


def load(place: Place, *, own_rules: bool = False) -> Configuration:
    """The configuration of the project at PLACE. OWN_RULES: its own rules may run.

    Raises ConfigurationError for what cannot be used.
    """
    if place.file is None:
        return Configuration(place.root, Settings(), {})
    table = read_table(place.file, place.root)
    configuration = _checked(Configuration(place.root, _convert(table.values, table.origins), table.origins))
    return replace(configuration, own_rules=_own_rules(configuration)) if own_rules else configuration


def override(configuration: Configuration, values: Mapping[str, object]) -> Configuration:
    """CONFIGURATION with VALUES, by key, from the command line."""
    changed = msgspec.structs.replace(configuration.settings, **{_attribute(key): values[key] for key in values})
    origins = {**configuration.origins, **dict.fromkeys(values, "command line")}
    return _checked(replace(configuration, settings=changed, origins=origins))


def keys() -> tuple[str, ...]:
    """The names of all settings, as they are written."""
    return tuple(field.encode_name for field in msgspec.structs.fields(Settings))


def schema() -> dict[str, object]:
    """The JSON schema of the configuration."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **msgspec.json.schema(Settings)}


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`; did you mean "…"?` when WORD is nearly one of KNOWN, else nothing."""
    close = difflib.get_close_matches(word, sorted(known), n=3, cutoff=0.6)
    if not close:
        return ""
    return f'; did you mean "{max(close, key=lambda each: _likeness(each, word))}"?'


def _likeness(known: str, word: str) -> tuple[float, int]:
    """How alike two words are; of equally close ones, the one with more characters in their places is closer."""
    same = sum(a == b for a, b in zip(known, word, strict=False))
    return difflib.SequenceMatcher(None, known, word).ratio(), same


def _own_rules(configuration: Configuration) -> Path | None:
    """The folder that `rules-path` names."""
    path, root = configuration.settings.rules_path, configuration.root
    if path is None:
        return None
    folder, origin = (root / path).resolve(), configuration.origin("rules-path")
    if not folder.is_relative_to(find_git_root(root) or root):
        raise ConfigurationError(f"{origin}: rules-path: {path} is outside of the repository")
    if not folder.is_dir():
        raise ConfigurationError(f"{origin}: rules-path: there is no folder {path}")
    return folder


def _attribute(key: str) -> str:
    return key.replace("-", "_")


def _convert(values: Mapping[str, object], origins: Mapping[str, str]) -> Settings:
    types = {field.encode_name: field.type for field in msgspec.structs.fields(Settings)}
    converted: dict[str, object] = {}
    for key, value in values.items():
        if key not in types:
            raise ConfigurationError(f'{origins[key]}: unknown key "{key}"{did_you_mean(key, types)}')
        try:
            converted[_attribute(key)] = msgspec.convert(value, types[key])
        except msgspec.ValidationError as error:
            raise ConfigurationError(f"{origins[key]}: {_explained(key, value, str(error))}") from None
    return msgspec.structs.replace(Settings(), **converted)


def _checked(configuration: Configuration) -> Configuration:
    settings = configuration.settings
    for key, patterns in (("exclude", settings.exclude), ("per-file-ignores", tuple(settings.per_file_ignores))):
        for pattern in patterns:
            if not is_usable(pattern):
                raise ConfigurationError(f'{configuration.origin(key)}: {key}: "{pattern}" is no pattern')
    limits = settings.time_limits
    if limits.soft and limits.hard and limits.soft >= limits.hard:
        raise ConfigurationError(f"{configuration.origin('time-limits')}: time-limits: soft must be less than hard")
    return configuration


_TOML_NAMES = {
    "str": "a string", "int": "an integer", "bool": "true or false", "array": "a list", "object": "a table",
    "float": "a number",
}  # fmt: skip


def _explained(key: str, value: object, error: str) -> str:
    """The ERROR of msgspec about VALUE of KEY, in the words of someone who writes TOML."""
    problem, _, path = error.partition(" - at `$")
    place = key + path.rstrip("`").replace("[...]", ".*")
    if field := re.match(r"Object contains unknown field `(.*)`", problem):
        known = {name for kind in (TimeLimits, DeclaredWorker) for name in kind.__struct_fields__}
        return f'{place}: unknown key "{field[1]}"{did_you_mean(field[1], known)}'
    if choice := re.match(r"Invalid enum value '(.*)'", problem):
        choices = _choices(key)
        among = f" (one of {', '.join(choices)})" if choices else ""
        return f'{place}: "{choice[1]}" is not possible{among}{did_you_mean(choice[1], choices)}'
    if "matching regex" in problem:
        return f'{place}: "{value}" is no version; write it like "5.4"'
    words = re.sub(r"`(\w+)( \| null)?`", lambda match: _TOML_NAMES.get(match[1], match[1]), problem)
    return f"{place}: {words.lower()}"


def _choices(key: str) -> tuple[str, ...]:
    """The words that may stand for KEY, for keys that are one word (or map to one)."""
    kind = {field.encode_name: field.type for field in msgspec.structs.fields(Settings)}[key]
    schema = msgspec.json.schema(DeclaredWorker if key == "workers" else kind)
    return tuple(_enumerated(schema))


def _enumerated(schema: object) -> Iterable[str]:
    if not isinstance(schema, dict):
        return
    yield from schema.get("enum", ())
    for value in schema.values():
        yield from _enumerated(value)
