"""`celery-lint config`: every setting with its value and its origin."""

from __future__ import annotations

from pathlib import Path

import msgspec

from celery_lint.catalogue import load_catalogue
from celery_lint.commands.check import place_of
from celery_lint.commands.console import write
from celery_lint.settings import Configuration, keys, load


def show_config(path: Path, *, config: Path | None, isolated: bool) -> int:
    """Show the settings that hold at PATH."""
    configuration = load(place_of((path,), config, isolated=isolated))
    load_catalogue().agenda(configuration)
    values = {key: _value(configuration, key) for key in keys()}
    width = max(len(f"{key} = {value}") for key, value in values.items() if len(value) < 60)
    write([f"# root: {configuration.root}"])
    write(f"{f'{key} = {value}':{width}}  # {configuration.origin(key)}" for key, value in values.items())
    return 0


def _value(configuration: Configuration, key: str) -> str:
    value = getattr(configuration.settings, key.replace("-", "_"))
    return "(not set)" if value is None else msgspec.json.encode(value).decode()
