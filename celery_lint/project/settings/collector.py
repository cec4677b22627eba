"""LINK: the settings of one application as they are gathered: as written, and under the names they have now."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from celery_lint.facts.model import Attribute, Await, Call
from celery_lint.finding import Location, Span
from celery_lint.project.code.values import Evaluator, Known, Placed
from celery_lint.project.model import Setting, Settings
from celery_lint.project.settings.written import SettingSource, WrittenSetting, is_read, meaning, stripped


class Note(Struct, frozen=True):
    """A name with a value somewhere: maybe a setting. NAME_SPAN covers the name, or more."""

    spelt: str
    value: Placed
    location: Location
    name_span: Span


class Collector:
    """Gathers the settings of one application."""

    def __init__(self, evaluator: Evaluator) -> None:
        self.evaluator = evaluator
        self.notes: list[tuple[Note, SettingSource]] = []
        self.grown: dict[str, Setting] = {}
        self.namespace: str | None = None
        self.namespace_open = False
        self.open: str | None = None
        self.outside = False
        self.places: list[Placed] = []

    def add(self, note: Note, source: SettingSource) -> None:
        """A setting is written in SOURCE; a later one of the same meaning wins."""
        self.notes.append((note, source))

    def grow(self, name: str, value: Placed, origin: Location) -> None:
        """Something is added to the setting NAME at run time, whenever that is: what is written down is not all."""
        new = new_setting_name(name)
        self.grown[new] = Setting(new, value, origin)

    def add_entries(self, placed: Placed, source: SettingSource) -> None:
        """The items of a dict are settings."""
        for key, key_place, value in self.evaluator.entries(placed):
            if isinstance(key, Known):
                location = Location(key_place.path, key_place.span)
                self.add(Note(key.value, value, location, key_place.span), source)
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
        """What was gathered. What stands on the app itself may have the namespace that it is configured with."""
        entries: dict[str, Setting] = {}
        written: list[WrittenSetting] = []
        for note, given in self.notes:
            source = given
            if given.on_app:
                source = replace(given, namespace=self.namespace, namespace_open=self.namespace_open)
            name = meaning(note.spelt, source.namespace)
            read = name is not None and is_read(note.spelt, source)
            written.append(
                WrittenSetting(note.spelt, name, source, note.location, note.name_span, note.value, is_read=read)
            )
            bare = stripped(note.spelt, given)
            if bare is not None:
                new = new_setting_name(bare)
                entries[new] = Setting(new, note.value, note.location)
        return Settings({**entries, **self.grown}, self.open, self.outside, tuple(written))


def new_setting_name(name: str) -> str:
    """The new-style name of a setting in whatever spelling; NAME itself when Celery does not know it."""
    return meaning(name) or name
