"""LINK: the effective settings of each application, each with its origin.

Sources, as Celery reads them: keywords of `Celery(...)`, `conf.update`, `conf.x = …`, `conf["x"] = …`,
`config_from_object` (a module, a class, a dict, Django's settings under a namespace), `add_defaults`.
What cannot be followed makes the settings open: then nothing is known to be unset.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from celery_lint.celery_versions import table
from celery_lint.facts.model import (
    Assignment,
    Attribute,
    Call,
    Literal,
    Name,
    Opaque,
    Operation,
    Subscript,
    Value,
)
from celery_lint.finding import Location
from celery_lint.project.apps import Apps, Draft
from celery_lint.project.collector import Collector, new_setting_name, stripped
from celery_lint.project.django import Django
from celery_lint.project.files import is_aside
from celery_lint.project.symbols import ClassRef, External, Internal
from celery_lint.project.values import Known, Placed

_CONFIGURES = re.compile(
    rb"\.conf(?:\s*\[|\s*[-+|&]?=(?!=)|\.update\b|\.\w+\s*(?:[-+|&]?=(?!=)|:|\.(?:append|extend|insert)\b))"
    rb"|config_from_object|config_from_envvar|config_from_cmdline|add_defaults|setup_defaults"
)
_DJANGO = frozenset({"django.conf:settings", "django.conf"})
# Bases of settings classes that set nothing themselves.
_SETTINGS_CLASSES = frozenset({
    "builtins.object", "configurations.Configuration", "configurations.base.Configuration", "pydantic.BaseModel",
    "pydantic.BaseSettings", "pydantic_settings.BaseSettings", "typing.NamedTuple", "typing.Protocol", "abc.ABC",
    "enum.Enum", "pydantic.v1.BaseSettings",
})  # fmt: skip
# What changes a list or dict that is already there. (`update` of the routes and the schedule only adds to them.)
_GROWS = frozenset({"append", "extend", "insert"})
# Keywords of `Celery(...)` that are no settings under their own name.
_CONSTRUCTOR = {"broker": "broker_url", "backend": "result_backend", "include": "include"}
_NO_SETTINGS = frozenset({
    "main", "loader", "amqp", "events", "log", "control", "set_as_current", "tasks", "changes", "config_source",
    "fixups", "task_cls", "autofinalize", "namespace", "strict_typing",
})  # fmt: skip


class Configuration:
    """Reads the settings of all applications."""

    def __init__(self, apps: Apps) -> None:
        self.apps = apps
        self.evaluator = apps.evaluator
        self.symbols = apps.symbols
        self.files = apps.files
        self.django = Django(apps.evaluator)
        self._collectors = {id(draft): Collector(self.evaluator) for draft in apps.drafts}
        for draft in apps.drafts:
            self._constructor(draft)
        for path in self.files.mentioning(_CONFIGURES):
            if not is_aside(path):
                self._file(path)

    def of(self, draft: Draft) -> Collector:
        """What was gathered for an application."""
        return self._collectors[id(draft)]

    def _constructor(self, draft: Draft) -> None:
        call, collector = draft.constructor.value, self.of(draft)
        assert isinstance(call, Call)
        if draft.is_current:
            return
        collector.places.append(draft.constructor)
        if draft.foreign:
            collector.reopen("its class is of another package", outside=True)
        for argument in call.arguments:
            placed = draft.constructor.at(argument.value)
            if argument.star == "**":
                collector.add_entries(placed)
            elif argument.keyword == "config_source":
                self._object(collector, placed, None)
            elif argument.keyword == "changes":
                collector.add_entries(placed)
            elif argument.keyword is not None and argument.keyword not in _NO_SETTINGS:
                name = _CONSTRUCTOR.get(argument.keyword, argument.keyword)
                collector.add(name, placed, Location(placed.path, argument.span))

    # statements that configure

    def _file(self, path: str) -> None:
        index = self.files.python(path)
        for call in index.facts.calls:
            if isinstance(call.callee, Name):
                self._call(path, call, call.callee.ref)
            else:
                self._chained(path, call)
        for assignment in index.facts.assignments:
            self._assignment(path, assignment)

    def _chained(self, path: str, call: Call) -> None:
        """`registry["celery.app"].conf.update(...)`: the owner is no dotted name."""
        names: list[str] = []
        value: Value = call.callee
        while isinstance(value, Attribute):
            names.insert(0, value.name)
            value = value.value
        if names == ["conf", "update"]:
            self._each(Placed(path, call.block, value), lambda c, b: self._update(c, self._place(path, call, b), call))
        elif names == ["config_from_object"]:
            self._each(
                Placed(path, call.block, value), lambda c, b: self._from_object(c, self._place(path, call, b), call)
            )

    def _place(self, path: str, call: Call, draft: Draft) -> Placed:
        """The call, with the parameters of the draft's factory bound when it stands in that factory."""
        return Placed(path, call.block, call, draft.constructor.bound if draft.constructor.path == path else None)

    def _call(self, path: str, call: Call, ref: str) -> None:
        owner, _, method = ref.rpartition(".")
        if method == "update" and owner.endswith(".conf"):
            app = Placed(path, call.block, Name(owner.removesuffix(".conf")))
            self._each(app, lambda c, d: self._update(c, self._place(path, call, d), call))
        elif method in ("config_from_object", "add_defaults", "setup_defaults"):
            app = Placed(path, call.block, Name(owner))
            self._each(app, lambda c, d: self._from_object(c, self._place(path, call, d), call))
        elif method in _GROWS and (changed := owner.partition(".conf.")[2]):
            self._grown(path, call, owner.removesuffix(f".conf.{changed}"), changed)
        elif method in ("config_from_envvar", "config_from_cmdline"):
            self._each(
                Placed(path, call.block, Name(owner)),
                lambda c, d: c.reopen("it is configured from outside", outside=True),
            )

    def _grown(self, path: str, call: Call, owner: str, name: str) -> None:
        """`app.conf.task_queues.append(…)`: what the setting holds in the end is not what was written down."""
        value = Opaque((call,), call.span)
        location = Location(path, call.span)
        self._each(
            Placed(path, call.block, Name(owner)), lambda c, d: c.grow(name, Placed(path, call.block, value), location)
        )

    def _each(self, app: Placed, action: Callable[[Collector, Draft], None]) -> None:
        """Do something for every application that APP may stand for; for all of them when nothing tells."""
        found = self.apps.of(app)
        if found is None:
            if not (self.apps.is_app(app) or self._looks_like_an_app(app)):
                return
            found = self.apps.drafts
        for draft in found:
            action(self.of(draft), draft)

    def _looks_like_an_app(self, app: Placed) -> bool:
        """`current_app`, or a parameter of that name: it stands for any application."""
        if not isinstance(app.value, Name):
            return False
        ref = app.value.ref
        return ref in ("celery.current_app", "%sender", "%celery_app", "%celery")

    def _update(self, collector: Collector, placed: Placed, call: Call) -> None:
        collector.places.append(placed)
        for argument in call.arguments:
            value = placed.at(argument.value)
            if argument.keyword is not None:
                collector.add(argument.keyword, value, Location(placed.path, argument.span))
            else:
                collector.add_entries(value)

    def _from_object(self, collector: Collector, placed: Placed, call: Call) -> None:
        source = call.argument(0, "obj")
        if source is None:
            return
        namespace = call.argument(None, "namespace")
        prefix = self.evaluator.text(placed.at(namespace.value)) if namespace is not None else None
        self._object(collector, placed.at(source.value), prefix.value if isinstance(prefix, Known) else None)

    def _assignment(self, path: str, assignment: Assignment) -> None:
        target = assignment.target_value
        if isinstance(target, Name) and ".conf." in target.ref:
            owner, _, name = target.ref.partition(".conf.")
            if "." in name or assignment.value is None:
                return
            self._set(path, assignment, Name(owner), name)
        elif isinstance(target, Name) and target.ref.endswith(".conf"):
            self._each(
                Placed(path, assignment.block, Name(target.ref.removesuffix(".conf"))),
                lambda c, d: c.reopen("its configuration is replaced"),
            )
        elif isinstance(target, Subscript) and isinstance(target.value, Name) and target.value.ref.endswith(".conf"):
            key = target.index
            if isinstance(key, Literal) and isinstance(key.value, str):
                self._set(path, assignment, Name(target.value.ref.removesuffix(".conf")), key.value)

    def _set(self, path: str, assignment: Assignment, owner: Name, name: str) -> None:
        if assignment.value is None:
            return
        value = assignment.value

        def set_it(collector: Collector, draft: Draft) -> None:
            bound = draft.constructor.bound if draft.constructor.path == path else None
            collector.add(name, Placed(path, assignment.block, value, bound), Location(path, assignment.span))

        self._each(Placed(path, assignment.block, owner), set_it)

    # configuration objects

    def _object(self, collector: Collector, placed: Placed, namespace: str | None) -> None:
        text = self.evaluator.text(placed)
        if isinstance(text, Known):
            self._named(collector, placed.path, text.value, namespace)
            return
        value = placed.value
        target = self.symbols.target(placed.path, value.ref) if isinstance(value, Name) else None
        if isinstance(target, External) and target.name.startswith("django.conf"):
            self._django(collector, placed.path, namespace)
        elif isinstance(target, Internal) and target.fact is None and not target.rest:
            self._module(collector, target.path, namespace)
        else:
            self._value(collector, placed, namespace)

    def _value(self, collector: Collector, placed: Placed, namespace: str | None) -> None:
        """A class, an instance of one, or a dict."""
        owner = self.symbols.class_of(placed.path, placed.block, placed.value)
        if owner is None:
            owner = self.symbols.type_of(placed.path, placed.block, placed.value)
        if isinstance(owner, ClassRef):
            self._class(collector, owner, namespace)
        else:
            collector.add_entries(placed, namespace)

    def _named(self, collector: Collector, path: str, name: str, namespace: str | None) -> None:
        module, _, attribute = name.partition(":")
        if name in _DJANGO or module == "django.conf":
            self._django(collector, path, namespace)
            return
        found = self.symbols.modules.find(path, module)
        if found is None:
            collector.reopen(f"its configuration module {name} is not in this project", outside=True)
            return
        file, rest = found
        names = ".".join([*rest, attribute] if attribute else rest)
        if not names:
            self._module(collector, file, namespace)
            return
        target = self.symbols.target(file, f"@{names}")
        if isinstance(target, Internal) and target.fact is None and not target.rest:
            self._module(collector, target.path, namespace)
        else:
            self._value(collector, Placed(file, 0, Name(f"@{names}")), namespace)

    def _module(
        self, collector: Collector, path: str, namespace: str | None, seen: frozenset[str] = frozenset()
    ) -> None:
        if path in seen:
            return
        index = self.files.python(path)
        if index.facts.error is not None:
            collector.reopen(f"{path} cannot be read")
        for source in self.django.included(path):
            if source.path is None:
                collector.reopen(f"{path} takes settings from {source.name}", outside=True)
            else:
                self._module(collector, source.path, namespace, seen | {path})
        for item in index.facts.classes:
            self._settings_class(collector, ClassRef(path, item.block), namespace)
        for name, bound in index.imported.items():
            known = stripped(name, namespace)
            if known is not None and new_setting_name(known) != known.lower():
                collector.add(known, Placed(path, 0, Name(f"@{name}")), Location(path, bound.span))
        for assignment in index.assignments_by_function.get(-1, []):
            self._module_setting(collector, path, assignment, namespace)

    def _settings_class(self, collector: Collector, owner: ClassRef, namespace: str | None) -> None:
        """A class in a settings module whose attributes are the settings: django-configurations and the like."""
        lineage = [item for item in self.symbols.lineage(owner) if isinstance(item, ClassRef)]
        if any(self._sets_something(item, namespace) for item in lineage):
            self._class(collector, owner, namespace)

    def _sets_something(self, owner: ClassRef, namespace: str | None) -> bool:
        known = table().settings
        names = (assigned.target for assigned in self.files.python(owner.path).assigned_in(owner.block))
        written = (name.rpartition(".")[2] for name in names if name is not None)
        settings = (stripped(name, namespace) for name in written if name.isupper())
        return any(name is not None and new_setting_name(name) in known for name in settings)

    def _module_setting(self, collector: Collector, path: str, assignment: Assignment, namespace: str | None) -> None:
        target = assignment.target or ""
        if not target.startswith("@") or "." in target or assignment.value is None:
            return
        name = stripped(target[1:], namespace)
        if name is not None:
            collector.add(name, Placed(path, assignment.block, assignment.value), Location(path, assignment.span))

    def _class(self, collector: Collector, owner: ClassRef, namespace: str | None) -> None:
        lineage = list(self.symbols.lineage(owner))
        for item in reversed(lineage):
            if not isinstance(item, ClassRef):
                if item.name not in _SETTINGS_CLASSES:
                    collector.reopen(f"its settings are those of {item.name} too", outside=True)
                continue
            for assignment in self.files.python(item.path).assigned_in(item.block):
                if assignment.target is None or assignment.value is None:
                    continue
                name = stripped(assignment.target.rpartition(".")[2], namespace)
                if name is not None:
                    place = Placed(item.path, assignment.block, assignment.value)
                    collector.add(name, place, Location(item.path, assignment.span))
            self._properties(collector, item, namespace)

    def _properties(self, collector: Collector, owner: ClassRef, namespace: str | None) -> None:
        index = self.files.python(owner.path)
        for function in index.facts.functions:
            name = stripped(function.name, namespace)
            if function.outer == owner.block and function.decorators and name is not None:
                place = Placed(owner.path, function.block, Name(f"%{function.name}"))
                collector.add(name, place, Location(owner.path, function.name_span))

    # Django

    def _django(self, collector: Collector, path: str, namespace: str | None) -> None:
        sources = self.django.sources(path)
        if not sources:
            collector.reopen("Django's settings module is not known")
        for source in sources:
            if source.path is not None:
                self._module(collector, source.path, namespace)
            else:
                collector.reopen(f"its settings module {source.name} is not in this project", outside=True)


def flattened(value: Value) -> Iterator[Value]:
    """The parts of a `+` or `|` chain, left to right."""
    if isinstance(value, Operation) and value.operator in ("+", "|"):
        yield from flattened(value.left)
        yield from flattened(value.right)
    else:
        yield value
