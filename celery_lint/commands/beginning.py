"""How a command begins: what it is told about the project is settled, the files are known, and others begin to read
them. What takes long to load comes after."""

from __future__ import annotations

import os
from typing import Protocol

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from celery_lint.begin import Begun, begin
from celery_lint.cache.facts import FactStore
from celery_lint.cache.folder import Folder
from celery_lint.commands.options import Options
from celery_lint.commands.reports import kept_out
from celery_lint.configfile import Place
from celery_lint.settings import Configuration, Settings, load, override
from celery_lint.watch import UNWATCHED, Part, Watch


class Beginning(Struct, frozen=True):
    """The CONFIGURATION of a run, and what was BEGUN for it."""

    configuration: Configuration
    begun: Begun


def begin_check(
    options: Options, place: Place, folder: Folder | None, stamp: bytes, watch: Watch = UNWATCHED
) -> Beginning:
    """Begin what OPTIONS ask for with the project at PLACE. FOLDER and STAMP are those of the cache, WATCH is told of
    everything that is done."""
    configured = load(place, own_rules=options.own_rules)
    configuration = _without_reports(override(configured, overrides(options, configured.settings)), options)
    with watch.at(Part.LOAD):
        store = FactStore(folder, stamp, str(place.root))
    # What other processes read is not measured.
    jobs = options.jobs or (1 if options.durations else processors())
    return Beginning(configuration, begin(configuration, store=store, jobs=jobs, watch=watch))


def _without_reports(configuration: Configuration, options: Options) -> Configuration:
    """CONFIGURATION for a project of which what OPTIONS write is no part."""
    patterns = kept_out(options.report, configuration.root)
    settings = configuration.settings
    excluding = msgspec.structs.replace(settings, exclude=(*settings.exclude, *patterns))
    return replace(configuration, settings=excluding) if patterns else configuration


def processors() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Selecting(Protocol):
    """The options of a command that say which rules run."""

    @property
    def select(self) -> tuple[str, ...]: ...
    @property
    def extend_select(self) -> tuple[str, ...]: ...
    @property
    def ignore(self) -> tuple[str, ...]: ...
    @property
    def preset(self) -> str | None: ...


def overrides(options: Selecting, settings: Settings) -> dict[str, object]:
    """The settings that OPTIONS change. A selection on the command line starts afresh; additions add."""
    select, extend, ignore = map(_split, (options.select, options.extend_select, options.ignore))
    values: dict[str, object] = {}
    if select:
        values |= {"select": select, "extend-select": extend, "ignore": ignore}
    else:
        values |= {"extend-select": (*settings.extend_select, *extend)} if extend else {}
        values |= {"ignore": (*settings.ignore, *ignore)} if ignore else {}
    words = {
        "preset": options.preset,
        "fail-level": getattr(options, "fail_level", None),
        "output-format": getattr(options, "output_format", None),
    }
    return values | {key: word for key, word in words.items() if word is not None}


def _split(values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(word.strip() for value in values for word in value.split(",") if word.strip())
