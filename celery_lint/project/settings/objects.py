"""LINK: what is given to `config_from_object`: a module, a class, a dict, Django's settings."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from celery_lint.celery_versions import table
from celery_lint.facts.model import Assignment, Name
from celery_lint.finding import Location
from celery_lint.project.code.symbols import ClassRef, External, Internal
from celery_lint.project.code.values import Evaluator, Known, Placed
from celery_lint.project.settings.collector import Collector, Note
from celery_lint.project.settings.django import Django
from celery_lint.project.settings.written import SettingSource, SourceKind, meaning, stripped

_DJANGO = frozenset({"django.conf:settings", "django.conf"})
# Bases of settings classes that set nothing themselves.
_SETTINGS_CLASSES = frozenset({
    "builtins.object", "configurations.Configuration", "configurations.base.Configuration", "pydantic.BaseModel",
    "pydantic.BaseSettings", "pydantic_settings.BaseSettings", "typing.NamedTuple", "typing.Protocol", "abc.ABC",
    "enum.Enum", "pydantic.v1.BaseSettings",
})  # fmt: skip


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

    def __init__(self, evaluator: Evaluator) -> None:
        self.evaluator = evaluator
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
        else:
            collector.add_entries(placed, given.source("dict", "a dict given to `config_from_object`"))

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
