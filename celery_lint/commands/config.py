"""`celery-lint config`: every setting with its value and its origin."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from celery_lint.catalogue import catalogue_of
from celery_lint.commands.console import write
from celery_lint.commands.places import place_of
from celery_lint.discover import discover, divide
from celery_lint.project.code.files import Files
from celery_lint.project.settings.celery_version import find_release
from celery_lint.report.text import escape
from celery_lint.settings import Configuration, keys, load


def show_config(path: Path, *, config: Path | None, isolated: bool, own_rules: bool) -> int:
    """Show the settings that hold at PATH."""
    configuration = load(place_of((path,), config, isolated=isolated), own_rules=own_rules)
    catalogue_of(configuration).agenda(configuration)
    values = {key: _value(configuration, key) for key in keys()}
    width = max(len(f"{key} = {value}") for key, value in values.items() if len(value) < 60)
    write(
        [
            f"# root: {escape(str(configuration.root))}",
            *(f"# {line}" for line in dict.fromkeys(_celery_of(configuration))),
        ]
    )
    lines = (f"{f'{key} = {value}':{width}}  # {configuration.origin(key)}" for key, value in values.items())
    write(map(escape, lines))
    return 0


def _celery_of(configuration: Configuration) -> Iterator[str]:
    """Which Celery each project there runs on."""
    settings = configuration.settings
    paths = discover(configuration.root, settings.exclude).paths
    for project in divide(paths, settings.projects):
        yield escape(str(find_release(Files(configuration.root, project), settings)))


def _value(configuration: Configuration, key: str) -> str:
    value = getattr(configuration.settings, key.replace("-", "_"))
    return "(not set)" if value is None else msgspec.json.encode(value).decode()
