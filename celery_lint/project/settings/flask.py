"""LINK: settings that are kept in the configuration of a Flask application, as Flask's own documentation has it:
`celery_app.config_from_object(app.config["CELERY"])`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property

from celery_lint.facts.model import Assignment, Attribute, Call, Literal, Name, Subscript, Value
from celery_lint.project.code.index import FileIndex, last_name
from celery_lint.project.code.values import Evaluator, Known, Placed

_LOADS = re.compile(rb"\.config\.from_(?:envvar|pyfile|file|prefixed_env|json)\b")
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
            found = [value for path in self.files.holding(key) for value in self._put(self.files.python(path), key)]
            self._known[key] = found[0] if len(found) == 1 else None
        return self._known[key] or placed

    @cached_property
    def is_loaded_too(self) -> bool:
        """Whether the project loads its configuration from elsewhere too, which may add to what `resolved` gives."""
        return any(self.files.mentioning(_LOADS))

    def _put(self, index: FileIndex, key: str) -> Iterator[Placed]:
        """What INDEX puts under KEY of a configuration, and what a class or module of settings calls so."""
        for call in index.facts.calls:
            if last_name(call.callee) in _SETS and _is_config(_owner(call.callee)):
                yield from self._given(Placed(index.path, call.block, call), call, key)
        for assignment in index.facts.assignments:
            if assignment.value is not None and (_is_item(assignment, key) or _is_setting(index, assignment, key)):
                yield Placed(index.path, assignment.block, assignment.value)

    def _given(self, placed: Placed, call: Call, key: str) -> Iterator[Placed]:
        for argument in call.arguments:
            if argument.keyword == key:
                yield placed.at(argument.value)
            elif argument.keyword is None and not argument.star:
                for name, _, value in self.evaluator.entries(placed.at(argument.value)):
                    if name == Known(key):
                        yield value


def _key_read(value: Value) -> str | None:
    """The key that VALUE reads from a configuration: `app.config["CELERY"]`, `app.config.get("CELERY", {})`."""
    if isinstance(value, Subscript) and _is_config(value.value):
        return _text(value.index)
    if isinstance(value, Call) and last_name(value.callee) == "get" and _is_config(_owner(value.callee)):
        return _text(value.arguments[0].value) if value.arguments else None
    return None


def _text(value: Value) -> str | None:
    return value.value if isinstance(value, Literal) and isinstance(value.value, str) else None


def _owner(callee: Value) -> Value | None:
    if isinstance(callee, Attribute):
        return callee.value
    if isinstance(callee, Name) and "." in callee.ref:
        return Name(callee.ref.rpartition(".")[0], callee.span)
    return None


def _is_config(value: Value | None) -> bool:
    """Whether VALUE is the `config` of something."""
    if isinstance(value, Attribute):
        return value.name == "config"
    return isinstance(value, Name) and value.ref.endswith(".config")


def _is_item(assignment: Assignment, key: str) -> bool:
    target = assignment.target_value
    return isinstance(target, Subscript) and _is_config(target.value) and _text(target.index) == key


def _is_setting(index: FileIndex, assignment: Assignment, key: str) -> bool:
    """Whether ASSIGNMENT gives KEY, in capitals, a value at the top of a module or a class: `from_object` reads it."""
    name = (assignment.target or "").rpartition(".")[2].lstrip("@%")
    return name == key and key.isupper() and index.is_import_time(assignment.block)
