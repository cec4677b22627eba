"""LINK: what other linters already say about the same code, so that it is not said twice."""

from __future__ import annotations

import configparser
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass

from celery_lint.project.files import Files

_TOML = ("pyproject.toml", "ruff.toml", ".ruff.toml")
_INI = (".flake8", "setup.cfg", "tox.ini")


@dataclass(frozen=True)
class Twins:
    """The codes that ruff and flake8 are configured to report in this project."""

    chosen: frozenset[str]
    ignored: frozenset[str]

    def selected(self, code: str) -> bool:
        """Whether another linter is asked for CODE (`T201`)."""
        wanted = any(entry == "ALL" or code.startswith(entry) for entry in self.chosen)
        return wanted and not any(code.startswith(entry) for entry in self.ignored)


def read_twins(files: Files) -> Twins:
    """What the configuration files at the project's root select."""
    chosen: set[str] = set()
    ignored: set[str] = set()
    for table in (*_ruff(files), *_flake8(files)):
        for key in ("select", "extend-select"):
            chosen.update(_codes(table.get(key)))
        for key in ("ignore", "extend-ignore"):
            ignored.update(_codes(table.get(key)))
    return Twins(frozenset(chosen), frozenset(ignored))


def _ruff(files: Files) -> Iterator[dict[str, object]]:
    for name in _TOML:
        if name not in files.known:
            continue
        try:
            table: object = tomllib.loads(files.data(name).decode("utf-8"))
        except (ValueError, RecursionError):
            continue
        if name == "pyproject.toml":
            table = _at(_at(table, "tool"), "ruff")
        # The rules stand under `lint` since ruff 0.2, and beside it before.
        for section in (table, _at(table, "lint")):
            if isinstance(section, dict):
                yield section


def _flake8(files: Files) -> Iterator[dict[str, object]]:
    for name in _INI:
        if name not in files.known:
            continue
        parser = configparser.ConfigParser(interpolation=None, strict=False)
        try:
            parser.read_string(files.data(name).decode("utf-8"))
        except (configparser.Error, ValueError):
            continue
        if parser.has_section("flake8"):
            yield dict(parser["flake8"])


def _at(table: object, key: str) -> object:
    return table.get(key) if isinstance(table, dict) else None


def _codes(value: object) -> Iterator[str]:
    """The codes of a TOML list, or of an INI value with commas, spaces or comments between them."""
    if isinstance(value, str):
        value = [word for line in value.splitlines() for word in line.partition("#")[0].replace(",", " ").split()]
    for item in value if isinstance(value, list) else ():
        if isinstance(item, str) and item:
            yield item
