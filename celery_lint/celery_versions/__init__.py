"""What each Celery release knows: settings, their old names, task options, command-line options.

The JSON files are written by `scripts/generate_celery_tables.py` from the released packages, so that celery-lint
running with one Celery can lint a project on another, and reads a command line without importing Celery.
"""

from __future__ import annotations

from functools import cache, cached_property
from importlib.resources import files
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


class Table(Struct, frozen=True, dict=True):
    """What one release knows. CLI maps a sub-command ("" for `celery` itself) to its options by canonical name."""

    release: str
    settings: dict[str, Setting]
    old_settings: dict[str, str]
    task_options: frozenset[str]
    cli: dict[str, dict[str, Option]]

    @cached_property
    def known_settings(self) -> frozenset[str]:
        """All new-style names that Celery reads."""
        return frozenset(self.settings)

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


def nearest_release(version: str) -> str:
    """The release with a table that VERSION ("5.4.2", "4.4", "6") is judged by."""
    try:
        numbers = tuple(int(part) for part in version.split(".")[:2])
    except ValueError:
        return LATEST
    wanted = (*numbers, 0)[:2] if len(numbers) < 2 else numbers
    known = [release for release in RELEASES if tuple(map(int, release.split("."))) <= wanted]
    return known[-1] if known else RELEASES[0]


@cache
def table(version: str = LATEST) -> Table:
    """The table of VERSION's release (`5.4.2` reads that of 5.4); unknown ones get the nearest older table."""
    text = (files(__name__) / f"{nearest_release(version)}.json").read_bytes()
    return msgspec.json.decode(text, type=Table)
