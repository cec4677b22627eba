"""What each Celery release knows: settings, their old names, options of tasks and calls, command lines, what is gone.

The JSON files are written by `scripts/generate_celery_tables.py` from the released packages, so that celery-lint
running with one Celery can lint a project on another, and reads a command line without importing Celery.
"""

from __future__ import annotations

from functools import cache, cached_property
from pkgutil import get_data
from typing import Any

import msgspec
from msgspec import Struct

LATEST = "5.7"
RELEASES = ("5.3", "5.4", "5.5", "5.6", "5.7")


class Setting(Struct, frozen=True):
    """One setting. TYPE and DEFAULT as in `celery.app.defaults` (a default that is no JSON is its repr).

    OLD holds the upper-case names of before Celery 4. OUTSIDE_DEFAULTS: Celery reads it, `defaults` omits it.
    """

    type: str
    default: Any = None
    old: tuple[str, ...] = ()
    deprecate_by: str | None = None
    remove_by: str | None = None
    alternative: str | None = None
    outside_defaults: bool = False


class Option(Struct, frozen=True):
    """One command-line option with all its spellings."""

    flags: tuple[str, ...]
    takes_value: bool
    multiple: bool = False


class Change(Struct, frozen=True):
    """Something that goes away: the releases that DEPRECATED and that REMOVED it (or will), and what to use instead
    (an empty REPLACEMENT: nothing does the same)."""

    replacement: str
    deprecated: str
    removed: str


class Table(Struct, frozen=True, dict=True):
    """What one release knows.

    CLI maps a sub-command ("" for `celery` itself) to its options by canonical name. DECORATOR_OPTIONS are consumed
    by the task decorator, TASK_ATTRIBUTES hold data (with their defaults), TASK_METHODS are there to be overridden,
    EXECUTION_OPTIONS become options of the task's messages. CALL_OPTIONS is what `apply_async` and `send_task` take,
    with what Kombu publishes. REMOVED and DEPRECATED are modules and names of modules, by dotted name.
    DEPRECATED_MEMBERS are those of the classes `Task` and `AsyncResult`. UNREAD_SETTINGS maps settings that exist and
    that nothing reads to the one that does what they promise.
    """

    release: str
    settings: dict[str, Setting]
    old_settings: dict[str, str]
    django_settings: frozenset[str]
    unread_settings: dict[str, str]
    removed_settings: dict[str, Change]
    decorator_options: frozenset[str]
    task_attributes: dict[str, Any]
    task_methods: frozenset[str]
    execution_options: frozenset[str]
    removed_task_options: dict[str, Change]
    deprecated_task_options: dict[str, Change]
    call_options: frozenset[str]
    signature_arguments: frozenset[str]
    schedule_keys: frozenset[str]
    removed: dict[str, Change]
    deprecated: dict[str, Change]
    deprecated_members: dict[str, dict[str, Change]]
    cli: dict[str, dict[str, Option]]

    @property
    def minor(self) -> str:
        """The release without its patch number: `5.7`."""
        return ".".join(self.release.split(".")[:2])

    @cached_property
    def known_settings(self) -> frozenset[str]:
        """All new-style names that Celery reads."""
        return frozenset(self.settings)

    @cached_property
    def task_options(self) -> frozenset[str]:
        """Everything that means something to a task decorator."""
        return self.decorator_options | self.task_methods | self.execution_options | frozenset(self.task_attributes)

    @cached_property
    def signature_options(self) -> frozenset[str]:
        """What `signature(…)` and `.set(…)` take: options of the call, and of the signature itself."""
        return self.call_options | self.signature_arguments

    def new_name(self, old: str) -> str | None:
        """The new-style name of an OLD one: `CELERYD_TASK_TIME_LIMIT` → `task_time_limit`.

        Also takes new names in capitals with the usual Django namespace (`CELERY_TASK_TIME_LIMIT`). None for
        names that are new-style already, or unknown.
        """
        if old in self.old_settings:
            return self.old_settings[old]
        if not old.startswith("CELERY_") or not old.isupper():
            return None
        name = old.removeprefix("CELERY_").lower()
        return name if name in self.settings else None

    def options(self, subcommand: str | None) -> dict[str, Option]:
        """The options of SUBCOMMAND, or of `celery` itself for None; empty for a sub-command of a plugin."""
        return self.cli.get(subcommand or "", {})


class Plugin(Struct, frozen=True):
    """What a package beside Celery reads, as of its VERSION. MODULES are the names it is imported by.

    SETTINGS stand among Celery's, DJANGO_SETTINGS among Django's. SCHEDULE_KEYS stand in an entry of `beat_schedule`,
    ENTRY_OPTIONS in its `options`. HEADERS are headers of messages, COMMANDS sub-commands of `celery`.
    """

    package: str
    version: str
    modules: frozenset[str]
    settings: frozenset[str] = frozenset()
    django_settings: frozenset[str] = frozenset()
    task_options: frozenset[str] = frozenset()
    call_options: frozenset[str] = frozenset()
    schedule_keys: frozenset[str] = frozenset()
    entry_options: frozenset[str] = frozenset()
    headers: frozenset[str] = frozenset()
    commands: frozenset[str] = frozenset()


def version_numbers(version: str) -> tuple[int, int] | None:
    """Major and minor number of VERSION (`5`, `5.4`, `5.4.0rc1`); None when it does not start with a number."""
    numbers = [part for part in version.split(".")[:2] if part.isdecimal()]
    if not numbers:
        return None
    return int(numbers[0]), int(numbers[1]) if len(numbers) > 1 else 0


def nearest_release(version: str) -> str:
    """The release with a table that VERSION ("5.4.2", "4.4", "6") is judged by."""
    wanted = version_numbers(version)
    if wanted is None:
        return LATEST
    known = [release for release in RELEASES if tuple(map(int, release.split("."))) <= wanted]
    return known[-1] if known else RELEASES[0]


def table(version: str = LATEST) -> Table:
    """The table of VERSION's release (`5.4.2` reads that of 5.4); unknown ones get the nearest older table."""
    return _table(version if version in RELEASES else nearest_release(version))


@cache
def _table(release: str) -> Table:
    return msgspec.json.decode(_read(f"{release}.json"), type=Table)


@cache
def plugins() -> tuple[Plugin, ...]:
    """The packages beside Celery whose settings and options are known."""
    return msgspec.json.decode(_read("third_party.json"), type=tuple[Plugin, ...])


def _read(name: str) -> bytes:
    """The file NAME of this package."""
    data = get_data(__name__, name)
    assert data is not None  # it would raise OSError
    return data
