"""Print what the Celery found on `sys.path` knows about itself, as JSON (see generate_celery_tables.py)."""

from __future__ import annotations

import inspect
import json
import re
import sys
from typing import Any

import celery
import click
from celery.app import defaults
from celery.app.base import Celery
from celery.app.task import Task
from celery.bin.celery import celery as command_line

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

# Options that `Celery.task` and `shared_task` consume themselves, or that only a message carries.
DECORATOR_OPTIONS = {"name", "base", "bind", "shared", "filter", "lazy"}
AUTORETRY_OPTIONS = {
    "autoretry_for", "dont_autoretry_for", "retry_kwargs", "retry_backoff", "retry_backoff_max", "retry_jitter",
}  # fmt: skip
EXECUTION_OPTIONS = {
    "queue", "exchange", "exchange_type", "routing_key", "delivery_mode", "compression", "immediate", "mandatory",
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


def is_attribute(name: str, value: object) -> bool:
    """Whether VALUE is a plain attribute of a task class, no method of any kind."""
    return not name.startswith("_") and not callable(value) and not isinstance(value, classmethod | staticmethod)


def task_options() -> list[str]:
    """Names that a task decorator accepts with a meaning."""
    attributes = {name for name, value in vars(Task).items() if is_attribute(name, value)}
    handlers = {name for name, value in vars(Task).items() if inspect.isfunction(value) and HANDLER.match(name)}
    consumed = set(inspect.signature(Celery._task_from_fun).parameters) - {"self", "fun", "options"}
    read = {name for name, _ in Task.from_config} | {"Request", "Strategy"}
    public = attributes - {"from_config", "request_stack", "request", "app"}
    return sorted(public | handlers | consumed | read | DECORATOR_OPTIONS | AUTORETRY_OPTIONS | EXECUTION_OPTIONS)


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
        "task_options": task_options(),
        "cli": {"": options(command_line), **subcommands},
    }
    json.dump(table, sys.stdout)


if __name__ == "__main__":
    main()
