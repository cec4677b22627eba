"""LINK: what is given to `config_from_object`: a module, a class, a dict, Django's settings."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from celery_lint.celery_versions import table
from celery_lint.facts.model import Assignment, Call, Mapping, Name, Opaque, Subscript
from celery_lint.finding import Location
from celery_lint.project.code.symbols import ClassRef, External, Internal
from celery_lint.project.code.values import Evaluator, Known, Placed
from celery_lint.project.settings.collector import Collector, Note
from celery_lint.project.settings.django import Django
from celery_lint.project.settings.flask import FlaskConfig, is_config
from celery_lint.project.settings.picked import Picked, picked
from celery_lint.project.settings.written import SettingSource, SourceKind, meaning, stripped

_DJANGO = frozenset({"django.conf:settings", "django.conf"})
# Bases of settings classes that set nothing themselves.
_SETTINGS_CLASSES = frozenset({
    "builtins.object", "configurations.Configuration", "configurations.base.Configuration", "pydantic.BaseModel",
    "pydantic.BaseSettings", "pydantic_settings.BaseSettings", "typing.NamedTuple", "typing.Protocol", "abc.ABC",
    "enum.Enum", "pydantic.v1.BaseSettings",
})  # fmt: skip

_FLASK = SettingSource("flask", "Flask's configuration")


class Given(Struct, frozen=True):
    """How an object was given: the call, its NAMESPACE (which may be OPEN), and whether Django's settings are meant."""

    at: Location
    namespace: str | None
    is_open: bool
    is_django: bool = False

    def source(self, kind: SourceKind, place: str) -> SettingSource:
        """The source that the module, class or dict PLACE is."""
        if self.is_django:
            return SettingSource("django", "Django's settings", self.namespace, self.at, self.is_open)
        return SettingSource(kind, place, self.namespace, self.at, self.is_open)


class ConfigurationObjects:
    """Reads the settings that configuration objects hold."""

    def __init__(self, evaluator: Evaluator, flask: FlaskConfig) -> None:
        self.evaluator = evaluator
        self.flask = flask
        self.symbols = evaluator.symbols
        self.files = evaluator.symbols.files
        self.django = Django(evaluator)

    def read(self, collector: Collector, placed: Placed, given: Given) -> None:
        """Gather the settings of the object that PLACED is or names."""
        text = self.evaluator.text(placed)
        if isinstance(text, Known):
            self._named(collector, placed.path, text.value, given)
            return
        value = placed.value
        if isinstance(value, Name) and value.ref == "builtins.__name__":
            self._module(collector, placed.path, given)
            return
        target = self.symbols.target(placed.path, value.ref) if isinstance(value, Name) else None
        if isinstance(target, External) and target.name.startswith("django.conf"):
            self._django(collector, placed.path, given)
        elif isinstance(target, Internal) and target.fact is None and not target.rest:
            self._module(collector, target.path, given)
        else:
            self._value(collector, placed, given)

    def _value(self, collector: Collector, placed: Placed, given: Given) -> None:
        """A class, an instance of one, or a dict."""
        owner = self.symbols.class_of(placed.path, placed.block, placed.value)
        if owner is None:
            owner = self.symbols.type_of(placed.path, placed.block, placed.value)
        if isinstance(owner, ClassRef):
            self._class(collector, owner, given)
        elif (choice := self._choice(placed)) is not None:
            self._one_of(collector, choice, given)
        else:
            self.entries(collector, placed, given.source("dict", "a dict given to `config_from_object`"), given)

    def entries(self, collector: Collector, placed: Placed, source: SettingSource, given: Given) -> None:
        """Gather the settings that the dict PLACED holds, which SOURCE is: written out, picked from the names of an
        object, or all of Flask's configuration."""
        held = self.evaluator.follow(placed)
        found = picked(held.value)
        if found is not None:
            self._picked(collector, held, found, given)
        elif is_config(held.value) and self.flask.settings:
            for note in self.flask.settings:
                collector.add(note, _FLASK)
            collector.reopen("the configuration of Flask may hold more")
        else:
            collector.add_entries(placed, source)
        self._put_in_later(collector, placed, source)

    def _picked(self, collector: Collector, placed: Placed, found: Picked, given: Given) -> None:
        before = len(collector.notes)
        namespace = found.prefix.rstrip("_") if found.renamed else given.namespace
        self.read(collector, placed.at(found.owner), replace(given, namespace=namespace or None))
        collector.notes[before:] = [
            (note, source) for note, source in collector.notes[before:] if note.spelt.startswith(found.prefix)
        ]
        if not found.complete:
            collector.reopen("a part of the configuration is picked at run time")

    def _put_in_later(self, collector: Collector, placed: Placed, source: SettingSource) -> None:
        """`CONFIG["task_time_limit"] = 300`, where CONFIG is what PLACED names."""
        if not isinstance(placed.value, Name):
            return
        path, ref = placed.path, placed.value.ref
        target = self.symbols.target(path, ref) if not ref.startswith("%") else None
        if isinstance(target, Internal) and isinstance(target.fact, Assignment) and not target.rest:
            path, ref = target.path, target.fact.target or ref
        for assignment in self.files.python(path).facts.assignments:
            item = assignment.target_value
            if isinstance(item, Subscript) and isinstance(item.value, Name) and item.value.ref == ref:
                key = self.evaluator.text(Placed(path, assignment.block, item.index))
                if isinstance(key, Known) and assignment.value is not None:
                    value = Placed(path, assignment.block, assignment.value)
                    collector.add(Note(key.value, value, Location(path, assignment.span), item.index.span), source)
                else:
                    collector.reopen("a part of the configuration is computed at run time")

    # one of several

    def _choice(self, placed: Placed) -> list[ClassRef] | None:
        """The classes of which PLACED is one, decided at run time: `get_config()`, `CONFIGS[name]`. None where they
        cannot all be seen."""
        placed = self.evaluator.follow(placed)
        value = placed.value
        options: list[Placed] = []
        if isinstance(value, Call):
            function = self.symbols.function(placed.path, placed.block, value.callee)
            returns = self.symbols.index(function).returns(self.symbols.fact(function)) if function is not None else []
            path = function.path if function is not None else placed.path
            options = [Placed(path, item.block, item.value) for item in returns if item.value is not None]
        elif isinstance(value, Subscript):
            held = self.evaluator.follow(placed.at(value.value))
            options = [held.at(entry.value) for entry in held.value.entries] if isinstance(held.value, Mapping) else []
        owners = [self._class_meant(option) for option in options]
        known = list(dict.fromkeys(owner for owner in owners if owner is not None))
        return known if known and all(owners) else None

    def _class_meant(self, placed: Placed) -> ClassRef | None:
        owner = self.symbols.class_of(placed.path, placed.block, placed.value)
        owner = owner or self.symbols.type_of(placed.path, placed.block, placed.value)
        return owner if isinstance(owner, ClassRef) else None

    def _one_of(self, collector: Collector, owners: list[ClassRef], given: Given) -> None:
        """The settings of one of the classes OWNERS: what all of them agree on, and that the rest is set to something.
        What tests run with does not count."""
        real = [each for each in owners if "test" not in self.symbols.class_fact(each).name.lower()] or owners
        gathered: list[dict[str, tuple[Note, SettingSource]]] = []
        for owner in real:
            before = len(collector.notes)
            self._class(collector, owner, given)
            gathered.append({note.spelt: (note, source) for note, source in collector.notes[before:]})
            del collector.notes[before:]
        for spelt in dict.fromkeys(spelt for each in gathered for spelt in each):
            found = [each[spelt] for each in gathered if spelt in each]
            note, source = found[0]
            if len({other.location for other, _ in found}) > 1 or len(found) < len(gathered):
                note = replace(note, value=note.value.at(Opaque((), note.value.span)))
            collector.add(note, source)

    def _named(self, collector: Collector, path: str, name: str, given: Given) -> None:
        module, _, attribute = name.partition(":")
        if name in _DJANGO or module == "django.conf":
            self._django(collector, path, given)
            return
        found = self.symbols.modules.find(path, module)
        if found is None:
            collector.reopen(f"its configuration module {name} is not in this project", outside=True)
            return
        file, rest = found
        names = ".".join([*rest, attribute] if attribute else rest)
        if not names:
            self._module(collector, file, given)
            return
        target = self.symbols.target(file, f"@{names}")
        if isinstance(target, Internal) and target.fact is None and not target.rest:
            self._module(collector, target.path, given)
        else:
            self._value(collector, Placed(file, 0, Name(f"@{names}")), given)

    # modules

    def _module(self, collector: Collector, path: str, given: Given, seen: frozenset[str] = frozenset()) -> None:
        if path in seen:
            return
        index = self.files.python(path)
        if index.facts.error is not None:
            collector.reopen(f"{path} cannot be read")
        for included in self.django.included(path):
            if included.path is None:
                collector.reopen(f"{path} takes settings from {included.name}", outside=True)
            else:
                self._module(collector, included.path, given, seen | {path})
        for item in index.facts.classes:
            self._settings_class(collector, ClassRef(path, item.block), given)
        source = given.source("module", f"`{path}`")
        for name, bound in index.imported.items():
            if meaning(name, given.namespace) is not None:
                value = Placed(path, 0, Name(f"@{name}"))
                collector.add(Note(name, value, Location(path, bound.span), bound.span), source)
        for assignment in index.assignments_by_function.get(-1, []):
            target = assignment.target or ""
            if target.startswith("@") and "." not in target:
                _assigned(collector, path, assignment, source)

    def _settings_class(self, collector: Collector, owner: ClassRef, given: Given) -> None:
        """A class in a settings module whose attributes are the settings: django-configurations and the like."""
        source = given.source("class", f"`{self.symbols.class_fact(owner).name}`")
        lineage = [item for item in self.symbols.lineage(owner) if isinstance(item, ClassRef)]
        if any(self._sets_something(item, source) for item in lineage):
            self._class(collector, owner, given)

    def _sets_something(self, owner: ClassRef, source: SettingSource) -> bool:
        known = table().settings
        names = (assigned.target for assigned in self.files.python(owner.path).assigned_in(owner.block))
        written = (name.rpartition(".")[2] for name in names if name is not None)
        settings = (stripped(name, source) for name in written if name.isupper())
        return any(name is not None and meaning(name) in known for name in settings)

    # classes

    def _class(self, collector: Collector, owner: ClassRef, given: Given) -> None:
        source = given.source("class", f"`{self.symbols.class_fact(owner).name}`")
        for item in reversed(list(self.symbols.lineage(owner))):
            if isinstance(item, ClassRef):
                for assignment in self.files.python(item.path).assigned_in(item.block):
                    _assigned(collector, item.path, assignment, source)
                self._properties(collector, item, source)
            elif item.name not in _SETTINGS_CLASSES:
                collector.reopen(f"its settings are those of {item.name} too", outside=True)

    def _properties(self, collector: Collector, owner: ClassRef, source: SettingSource) -> None:
        for function in self.files.python(owner.path).facts.functions:
            if function.outer == owner.block and function.decorators:
                place = Placed(owner.path, function.block, Name(f"%{function.name}"))
                location = Location(owner.path, function.name_span)
                collector.add(Note(function.name, place, location, function.name_span), source)

    # Django

    def _django(self, collector: Collector, path: str, given: Given) -> None:
        sources = self.django.sources(path)
        if not sources:
            collector.reopen("Django's settings module is not known")
        for source in sources:
            if source.path is not None:
                self._module(collector, source.path, replace(given, is_django=True))
            else:
                collector.reopen(f"its settings module {source.name} is not in this project", outside=True)


def _assigned(collector: Collector, path: str, assignment: Assignment, source: SettingSource) -> None:
    """The name that ASSIGNMENT gives a value in a module or class is a setting of SOURCE."""
    if assignment.target is None or assignment.value is None:
        return
    name = assignment.target.rpartition(".")[2].lstrip("@%")
    place = Placed(path, assignment.block, assignment.value)
    collector.add(Note(name, place, Location(path, assignment.span), assignment.target_value.span), source)
