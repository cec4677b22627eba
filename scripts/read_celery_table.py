"""Print what the Celery found on `sys.path` knows about itself, as JSON (see generate_celery_tables.py)."""

from __future__ import annotations

import importlib
import inspect
import json
import re
import sys
from typing import Any

import celery
import celery_api_changes as api_changes
import click
from amqp.basic_message import Message
from celery.app import autoretry, defaults
from celery.app.base import Celery
from celery.app.task import Task, extract_exec_options
from celery.beat import ScheduleEntry
from celery.bin.celery import celery as command_line
from celery.canvas import Signature
from celery_api_changes import Changes
from kombu import Producer

RELEASE = tuple(map(int, celery.__version__.split(".")[:2]))

# Settings that Celery reads although `NAMESPACES` does not hold them (the last three are not documented either).
OUTSIDE_DEFAULTS = {
    **{f"{program}_{name}": "string" for program in ("worker", "beat", "events")
       for name in ("logfile", "pidfile", "uid", "gid", "umask", "executable")},
    "override_backends": "dict",
    "redis_backend_health_check_interval": "int",
    "redis_backend_credential_provider": "any",
    "redis_client_name": "string",
    "result_backend_thread_safe": "bool",
    "cassandra_secure_bundle_path": "string",
    "dynamodb_endpoint_url": "string",
    "firestore_project": "string",
    "gcs_threadpool_maxsize": "int",
}  # fmt: skip

# Read from Django's settings under exactly this name.
DJANGO_SETTINGS = ["CELERY_DB_REUSE_MAX", "TIME_ZONE"]

# Settings that the documentation or the defaults have and nothing reads, and what does what they promise.
UNREAD_SETTINGS = {
    "cassandra_bundle_path": "cassandra_secure_bundle_path",
    "visibility_timeout": "broker_transport_options",
    "worker_heartbeat": "",
}

# Options that `Celery.task` consumes and its signature does not show.
DECORATOR_OPTIONS = {"name", "base", "bind", "shared", "filter", "lazy"}

# Attributes that say where messages of a task go, read by the router.
ROUTING_ATTRIBUTES = {"exchange_type"}

# What the transports of Amazon and Google, and PGMQ, read from the properties of a message.
TRANSPORT_PROPERTIES = {
    "MessageGroupId", "MessageDeduplicationId", "DelaySeconds", "delay_seconds", "MessageAttributes",
}  # fmt: skip

# Parameters on the way from `apply_async` to the broker that its caller cannot give.
INTERNAL = {
    "self", "name", "message", "event_dispatcher", "body", "callbacks", "errbacks", "create_sent_event", "now",
    "timezone", "application_headers", "task_name",
}  # fmt: skip

# Methods of a task that are meant to be overridden, and may be given as options.
HANDLER = re.compile(r"on_|before_start$|after_return$|shadow_name$")


def simple(value: Any) -> Any:
    """VALUE when JSON can hold it, else its repr."""
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError):
        return repr(value)
    return value


def setting(option: Any) -> dict[str, Any]:
    """One setting: its type, default and when it goes away."""
    kind = option.type if isinstance(option.type, str) else option.type.__name__
    known = {"type": kind, "default": simple(option.default)}
    fates = {"deprecate_by": option.deprecate_by, "remove_by": option.remove_by, "alternative": option.alt}
    return known | {key: value for key, value in fates.items() if value}


def settings() -> dict[str, Any]:
    """All settings by name, with their old names."""
    found = {name: setting(option) for name, option in defaults.flatten(defaults.NAMESPACES)}
    for name, kind in OUTSIDE_DEFAULTS.items():
        found.setdefault(name, {"type": kind, "default": None, "outside_defaults": True})
    for old, new in defaults._TO_NEW_KEY.items():
        found[new].setdefault("old", []).append(old)
    for known in found.values():
        known.get("old", []).sort()
    return found


def parameters(function: Any) -> set[str]:
    """The names of the parameters of FUNCTION, without `*args` and `**options`."""
    found = inspect.signature(function).parameters.values()
    return {item.name for item in found if item.kind not in (item.VAR_POSITIONAL, item.VAR_KEYWORD)}


def decorator_options() -> list[str]:
    """What a task decorator consumes itself, and what automatic retries read."""
    made = parameters(Celery._task_from_fun) - {"self", "fun", "options"}
    retries = set(re.findall(r"options\.get\(\s*'(\w+)'", inspect.getsource(autoretry)))
    return sorted(made | retries | DECORATOR_OPTIONS)


def is_attribute(name: str, value: object) -> bool:
    """Whether VALUE is a plain attribute of a task class, no method of any kind."""
    return not name.startswith("_") and not callable(value) and not isinstance(value, classmethod | staticmethod)


def task_attributes() -> dict[str, Any]:
    """The attributes of a task that hold data, with their defaults."""
    hidden = {"from_config", "request_stack", "request", "app"}
    found = {
        name: None if isinstance(value, property) else simple(value)
        for name, value in vars(Task).items()
        if is_attribute(name, value)
    }
    return {name: None for name, _ in Task.from_config} | {k: v for k, v in found.items() if k not in hidden}


def task_methods() -> list[str]:
    """The methods of a task that are meant to be overridden."""
    return sorted(name for name in vars(Task) if HANDLER.match(name))


def execution_options() -> list[str]:
    """The attributes of a task that become options of its messages."""
    (names,) = (cell.cell_contents for cell in extract_exec_options.__closure__ or ())
    return sorted({*names, *ROUTING_ATTRIBUTES})


def call_options() -> list[str]:
    """What `apply_async` and `send_task` take, through to what Kombu publishes with the message."""
    amqp = Celery("tables", broker="memory://").amqp
    ways = (Task.apply_async, Celery.send_task, amqp.as_task_v2, amqp.send_task_message, Producer.publish)
    taken = {name for way in ways for name in parameters(way)}
    properties = {name for name, _ in Message.PROPERTIES}
    return sorted((taken | properties | TRANSPORT_PROPERTIES) - INTERNAL)


def changes(known: Changes, since: int) -> dict[str, Any]:
    """Those of KNOWN that hold in this release: whose release at SINCE (1: deprecated, 2: removed) is out."""
    return {
        name: {"replacement": change[0], "deprecated": change[1], "removed": change[2]}
        for name, change in sorted(known.items())
        if tuple(map(int, change[since].split("."))) <= RELEASE
    }


def exists(dotted: str) -> bool:
    """Whether DOTTED can be imported."""
    module, _, name = dotted.rpartition(".")
    try:
        importlib.import_module(dotted)
    except ImportError:
        try:
            return getattr(importlib.import_module(module), name, None) is not None
        except ImportError:
            return False
    return True


def api() -> dict[str, Any]:
    """What is removed and what is deprecated, held against what is there."""
    removed, deprecated = changes(api_changes.REMOVED, 2), changes(api_changes.DEPRECATED, 1)
    wrong = [name for name in removed if exists(name)] + [name for name in deprecated if not exists(name)]
    options, attributes = changes(api_changes.REMOVED_TASK_OPTIONS, 2), task_attributes()
    wrong += [name for name in options if name in attributes]
    settings = changes(api_changes.REMOVED_SETTINGS, 2)
    wrong += [name for name in settings if name in defaults._TO_NEW_KEY]
    members = {}
    for owner, known in api_changes.DEPRECATED_MEMBERS.items():
        module, _, name = owner.rpartition(".")
        cls = getattr(importlib.import_module(module), name)
        members[name] = changes(known, 1)
        wrong += [f"{owner}.{member}" for member in members[name] if not hasattr(cls, member)]
    if wrong:
        raise SystemExit(f"celery_api_changes.py does not fit Celery {celery.__version__}: {', '.join(wrong)}")
    return {
        "removed": removed,
        "deprecated": deprecated,
        "removed_task_options": options,
        "deprecated_task_options": changes(api_changes.DEPRECATED_TASK_OPTIONS, 1),
        "deprecated_members": members,
        "removed_settings": settings,
    }


def options(command: click.Command) -> dict[str, Any]:
    """The options of one click command by canonical name."""
    return {
        str(option.name): {
            "flags": [*option.opts, *option.secondary_opts],
            "takes_value": not option.is_flag and not option.count,
            "multiple": option.multiple,
        }
        for option in command.params
        if isinstance(option, click.Option)
    }


def main() -> None:
    """Print the table."""
    subcommands = {name: options(command) for name, command in sorted(command_line.commands.items())}
    table = {
        "release": celery.__version__,
        "settings": settings(),
        "old_settings": dict(sorted(defaults._TO_NEW_KEY.items())),
        "django_settings": DJANGO_SETTINGS,
        "unread_settings": UNREAD_SETTINGS,
        "decorator_options": decorator_options(),
        "task_attributes": task_attributes(),
        "task_methods": task_methods(),
        "execution_options": execution_options(),
        "call_options": call_options(),
        "signature_arguments": sorted(parameters(Signature.__init__) - {"self", "task"}),
        "schedule_keys": sorted(parameters(ScheduleEntry.__init__) - {"self"}),
        "cli": {"": options(command_line), **subcommands},
        **api(),
    }
    json.dump(table, sys.stdout)


if __name__ == "__main__":
    main()
