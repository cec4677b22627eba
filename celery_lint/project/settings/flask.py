"""LINK: settings that are kept in the configuration of a Flask application, as Flask's own documentation has it:
`celery_app.config_from_object(app.config["CELERY"])`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property

from msgspec.structs import replace

from celery_lint.facts.model import Assignment, Attribute, Call, Literal, Name, Opaque, Subscript, Value
from celery_lint.finding import Location
from celery_lint.project.code.expressions import called_on, last_name
from celery_lint.project.code.index import FileIndex
from celery_lint.project.code.patterns import Pattern
from celery_lint.project.code.values import Evaluator, Known, Placed
from celery_lint.project.settings.collector import Note
from celery_lint.project.settings.written import meaning

_LOADS = Pattern(rb"\.config\.from_(?:envvar|pyfile|file|prefixed_env|json)\b")
# What Celery reads in capitals.
_CELERYS = re.compile(rb"\b(?:CELERY[A-Z]*|BROKER)_[A-Z0-9_]+\b")
_SETS = frozenset({"from_mapping", "update", "setdefault"})


class FlaskConfig:
    """Finds what a project puts under a key of its Flask configuration."""

    def __init__(self, evaluator: Evaluator) -> None:
        self.evaluator = evaluator
        self.files = evaluator.symbols.files
        self._known: dict[str, Placed | None] = {}

    def resolved(self, placed: Placed) -> Placed:
        """What the project puts where PLACED reads a key of `….config`; PLACED itself where it reads none, or where
        that is put there in several places: which one counts is decided at run time."""
        key = _key_read(self.evaluator.follow(placed).value)
        if key is None:
            return placed
        if key not in self._known:
            put = [note for path in self.files.holding(key) for note in self._put(self.files.python(path), key)]
            self._known[key] = put[0].value if len(put) == 1 else None
        return self._known[key] or placed

    @cached_property
    def settings(self) -> tuple[Note, ...]:
        """What the project puts into its Flask configuration that is a setting of Celery. A value that is put in
        several places is not known: which one counts is decided at run time."""
        found: dict[str, list[Note]] = {}
        for path in self.files.mentioning(_CELERYS):
            for name in sorted({name.decode() for name in _CELERYS.findall(self.files.data(path))}):
                if meaning(name) is not None:
                    found.setdefault(name, []).extend(self._put(self.files.python(path), name))
        return tuple(_one_of(notes) for notes in found.values() if notes)

    def values(self, key: str) -> list[Placed]:
        """All that the project puts under KEY, outside tests."""
        paths = self.files.holding(key)
        return [note.value for path in paths for note in self._put(self.files.python(path), key)]

    @cached_property
    def is_loaded_too(self) -> bool:
        """Whether the project loads its configuration from elsewhere too, which may add to what `resolved` gives."""
        return self.files.is_mentioned(_LOADS)

    def _put(self, index: FileIndex, key: str) -> list[Note]:
        """What INDEX puts under KEY of a configuration, and what a class or module of settings calls so. What tests
        are configured with does not count."""
        put: list[Note] = []
        is_ours = not self._is_of_another_program(index)
        for call in index.calls_named(*_SETS):
            if is_config(called_on(call.callee)):
                put.extend(self._given(Placed(index.path, call.block, call), call, key))
        for assignment in index.facts.assignments:
            if assignment.value is None:
                continue
            if _is_item(assignment, key) or (is_ours and _is_setting(index, assignment, key)):
                value = Placed(index.path, assignment.block, assignment.value)
                put.append(Note(key, value, Location(index.path, assignment.span), assignment.target_value.span))
        return put

    def _is_of_another_program(self, index: FileIndex) -> bool:
        """Whether INDEX is what an installed program is configured with: `from sentry.conf.server import *`."""
        find = self.evaluator.symbols.modules.find
        return any(not module.startswith(".") and find(index.path, module) is None for module in index.star_imports)

    def _given(self, placed: Placed, call: Call, key: str) -> Iterator[Note]:
        for argument in call.arguments:
            if argument.keyword == key:
                yield Note(key, placed.at(argument.value), Location(placed.path, argument.span), argument.span)
            elif argument.keyword is None and not argument.star:
                for name, place, value in self.evaluator.entries(placed.at(argument.value)):
                    if name == Known(key):
                        yield Note(key, value, Location(place.path, place.span), place.span)


def _one_of(notes: list[Note]) -> Note:
    first = notes[0]
    if len(notes) == 1:
        return first
    return replace(first, value=first.value.at(Opaque((), first.value.span)))


def _key_read(value: Value) -> str | None:
    """The key that VALUE reads from a configuration: `app.config["CELERY"]`, `app.config.get("CELERY", {})`."""
    if isinstance(value, Subscript) and is_config(value.value):
        return _text(value.index)
    if isinstance(value, Call) and last_name(value.callee) == "get" and is_config(called_on(value.callee)):
        return _text(value.arguments[0].value) if value.arguments else None
    return None


def _text(value: Value) -> str | None:
    return value.value if isinstance(value, Literal) and isinstance(value.value, str) else None


def is_config(value: Value | None) -> bool:
    """Whether VALUE is the `config` of something."""
    if isinstance(value, Attribute):
        return value.name == "config"
    return isinstance(value, Name) and value.ref.endswith(".config")


def _is_item(assignment: Assignment, key: str) -> bool:
    target = assignment.target_value
    return isinstance(target, Subscript) and is_config(target.value) and _text(target.index) == key


def _is_setting(index: FileIndex, assignment: Assignment, key: str) -> bool:
    """Whether ASSIGNMENT gives KEY, in capitals, a value at the top of a module or a class: `from_object` reads it."""
    name = (assignment.target or "").rpartition(".")[2].lstrip("@%")
    if name != key or not key.isupper() or not index.is_import_time(assignment.block):
        return False
    owner = index.classes_by_block.get(assignment.block)
    return owner is None or "test" not in owner.name.lower()
