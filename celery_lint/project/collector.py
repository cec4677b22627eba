"""LINK: the settings of one application as they are gathered, under the names that Celery has for them now."""

from __future__ import annotations

from celery_lint.celery_versions import table
from celery_lint.facts.model import Attribute, Await, Call
from celery_lint.finding import Location
from celery_lint.project.model import Setting, Settings
from celery_lint.project.values import Evaluator, Known, Placed


class Collector:
    """Gathers the settings of one application."""

    def __init__(self, evaluator: Evaluator) -> None:
        self.evaluator = evaluator
        self.entries: dict[str, Setting] = {}
        self.grown: dict[str, Setting] = {}
        self.open: str | None = None
        self.outside = False
        self.places: list[Placed] = []

    def add(self, name: str, value: Placed, origin: Location) -> None:
        """The setting NAME, in whatever spelling, has VALUE; a later one wins."""
        new = new_setting_name(name)
        self.entries[new] = Setting(new, value, origin)

    def grow(self, name: str, value: Placed, origin: Location) -> None:
        """Something is added to the setting NAME at run time, whenever that is: what is written down is not all."""
        new = new_setting_name(name)
        self.grown[new] = Setting(new, value, origin)

    def add_entries(self, placed: Placed, namespace: str | None = None) -> None:
        """The items of a dict are settings."""
        for key, key_place, value in self.evaluator.entries(placed):
            if isinstance(key, Known):
                name = stripped(key.value, namespace)
                if name is not None:
                    self.add(name, value, Location(key_place.path, key_place.span))
            else:
                self.reopen(
                    "a part of the configuration is computed at run time", outside=self._comes_from_outside(value)
                )

    def _comes_from_outside(self, placed: Placed) -> bool:
        """Whether what cannot be followed is made by code that is not of this project: a loader of files, a service."""
        value = placed.value
        if isinstance(value, Await):
            value = value.value
        if not isinstance(value, Call):
            return False
        symbols = self.evaluator.symbols
        return symbols.function(placed.path, placed.block, value.callee) is None and not isinstance(
            value.callee, Attribute
        )

    def reopen(self, why: str, *, outside: bool = False) -> None:
        """More may be set than can be seen; OUTSIDE: by something that is no file of this project."""
        self.open = self.open or why
        self.outside = self.outside or outside

    @property
    def settings(self) -> Settings:
        """What was gathered."""
        return Settings({**self.entries, **self.grown}, self.open, self.outside)


def new_setting_name(name: str) -> str:
    """The new-style name of a setting in whatever spelling; NAME itself when Celery does not know it."""
    known = table()
    if name in known.settings:
        return name
    lower = name.lower()
    return known.new_name(name) or (lower if lower in known.settings else name)


def stripped(name: str, namespace: str | None) -> str | None:
    """NAME without its namespace; None when Celery does not look at it. Old names count under any namespace."""
    if not namespace or name in table().old_settings:
        return name
    prefix = f"{namespace}_"
    return name.removeprefix(prefix) if name.startswith(prefix) and name.isupper() else None
