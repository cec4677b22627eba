"""LINK: the effective settings of each application, each with its origin.

Sources, as Celery reads them: keywords of `Celery(...)`, `conf.update`, `conf.x = …`, `conf["x"] = …`,
`config_from_object` (a module, a class, a dict, Django's settings under a namespace), `add_defaults`.
What cannot be followed makes the settings open: then nothing is known to be unset.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

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
from celery_lint.finding import Location, Span
from celery_lint.project.code.expressions import last_name
from celery_lint.project.code.patterns import Pattern
from celery_lint.project.code.values import Known, Placed, Unknown
from celery_lint.project.settings.apps import Apps, Draft
from celery_lint.project.settings.collector import Collector, Note
from celery_lint.project.settings.flask import FlaskConfig
from celery_lint.project.settings.objects import ConfigurationObjects, Given
from celery_lint.project.settings.written import SettingSource

_CONFIGURES = Pattern(
    rb"\.conf(?:\s*\[|\s*[-+|&]?=(?!=)|\.update\b|\.\w+\s*(?:[-+|&]?=(?!=)|:|\.(?:append|extend|insert)\b))"
    rb"|\bsetattr\(\s*[\w.]+\.conf\b|config_from_object|config_from_envvar|config_from_cmdline|add_defaults|setup_defaults"
)
# What changes a list or dict that is already there. (`update` of the routes and the schedule only adds to them.)
_GROWS = frozenset({"append", "extend", "insert"})
# Keywords of `Celery(...)` that are no settings under their own name.
_CONSTRUCTOR = {"broker": "broker_url", "backend": "result_backend", "include": "include"}
_NO_SETTINGS = frozenset({
    "main", "loader", "amqp", "events", "log", "control", "set_as_current", "tasks", "changes", "config_source",
    "fixups", "task_cls", "autofinalize", "namespace", "strict_typing",
})  # fmt: skip


_CONSTRUCTED = SettingSource("constructor", "`Celery(...)`")
_UPDATED = SettingSource("update", "`app.conf`")


class Configuration:
    """Reads the settings of all applications."""

    def __init__(self, apps: Apps) -> None:
        self.apps = apps
        self.evaluator = apps.evaluator
        self.symbols = apps.symbols
        self.files = apps.files
        self.flask = FlaskConfig(apps.evaluator)
        self.objects = ConfigurationObjects(apps.evaluator, self.flask)
        self._collectors = {id(draft): Collector(self.evaluator) for draft in apps.drafts}
        for draft in apps.drafts:
            self._constructor(draft)
        for path in self.files.mentioning(_CONFIGURES):
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
                self._entries(collector, placed, _CONSTRUCTED)
            elif argument.keyword == "config_source":
                self._given(collector, placed, draft.constructor)
            elif argument.keyword == "changes":
                self._entries(collector, placed, _CONSTRUCTED)
            elif argument.keyword is not None and argument.keyword not in _NO_SETTINGS:
                name = _CONSTRUCTOR.get(argument.keyword, argument.keyword)
                location = Location(placed.path, argument.span)
                collector.add(Note(name, self.flask.resolved(placed), location, argument.span), _CONSTRUCTED)

    # statements that configure

    def _file(self, path: str) -> None:
        index = self.files.python(path)
        for assignment in index.facts.assignments:
            self._namespace_set(path, assignment)
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
        elif ref == "builtins.setattr" and len(call.arguments) == 3:
            self._set_by_name(path, call)
        elif method in _GROWS and (changed := owner.partition(".conf.")[2]):
            self._grown(path, call, owner.removesuffix(f".conf.{changed}"), changed)
        elif method in ("config_from_envvar", "config_from_cmdline"):
            self._each(
                Placed(path, call.block, Name(owner)),
                lambda c, d: c.reopen("it is configured from outside", outside=True),
            )

    def _set_by_name(self, path: str, call: Call) -> None:
        """`setattr(app.conf, "task_time_limit", 300)`."""
        owner, spelt, value = (argument.value for argument in call.arguments)
        if not isinstance(owner, Name) or not owner.ref.endswith(".conf"):
            return
        app = Placed(path, call.block, Name(owner.ref.removesuffix(".conf")))
        name = self.evaluator.text(Placed(path, call.block, spelt))
        if isinstance(name, Unknown):
            self._each(app, lambda c, d: c.reopen("the name of a setting is computed", outside=True))
            return
        note = Note(name.value, Placed(path, call.block, value), Location(path, call.span), spelt.span)
        self._each(app, lambda c, d: c.add(note, SettingSource("attribute", "`app.conf`")))

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
                location = Location(placed.path, argument.span)
                collector.add(Note(argument.keyword, self.flask.resolved(value), location, argument.span), _UPDATED)
            else:
                self._entries(collector, value, _UPDATED)

    def _entries(self, collector: Collector, placed: Placed, source: SettingSource) -> None:
        """The items of the dict PLACED are settings."""
        given = Given(Location(placed.path, placed.span), collector.namespace, collector.namespace_open)
        self.objects.entries(collector, self._resolved(collector, placed), source, given)

    def _from_object(self, collector: Collector, placed: Placed, call: Call) -> None:
        source = call.argument(0, "obj")
        if source is None:
            return
        self._given(
            collector, placed.at(source.value), placed, is_defaults=last_name(call.callee) != "config_from_object"
        )

    def _given(self, collector: Collector, source: Placed, by: Placed, *, is_defaults: bool = False) -> None:
        """SOURCE is an object with settings; BY is the call that says so, and under which namespace."""
        namespace, is_open = self._namespace(by)
        if not is_defaults:
            collector.namespace = namespace or collector.namespace
            collector.namespace_open = collector.namespace_open or is_open
        self.objects.read(
            collector, self._resolved(collector, source), Given(Location(by.path, by.span), namespace, is_open)
        )

    def _resolved(self, collector: Collector, placed: Placed) -> Placed:
        """What a key of Flask's configuration holds, where PLACED reads one; else PLACED."""
        found = self.flask.resolved(placed)
        if found is not placed and self.flask.is_loaded_too:
            collector.reopen("the configuration of Flask is loaded from elsewhere as well")
        return found

    def _namespace(self, placed: Placed) -> tuple[str | None, bool]:
        """The namespace that a call gives, and whether it gives one that cannot be read."""
        call = placed.value
        assert isinstance(call, Call)
        argument = call.argument(None, "namespace")
        if argument is None:
            return None, call.is_open
        known = self.evaluator.scalar(placed.at(argument.value))
        if isinstance(known, Known):
            return (str(known.value) if known.value else None), False
        return None, True

    def _namespace_set(self, path: str, assignment: Assignment) -> None:
        """`app.namespace = "CELERY"`: as if `config_from_object` had been given it."""
        owner, _, name = (assignment.target or "").rpartition(".")
        value = assignment.value
        if name == "namespace" and owner and isinstance(value, Literal) and isinstance(value.value, str):
            found = self.apps.of(Placed(path, assignment.block, Name(owner)))
            for draft in found or ():
                self.of(draft).namespace = value.value

    def _assignment(self, path: str, assignment: Assignment) -> None:
        target = assignment.target_value
        if isinstance(target, Name) and ".conf." in target.ref:
            owner, _, name = target.ref.partition(".conf.")
            if "." in name or assignment.value is None:
                return
            at = Span(target.span.end - len(name.encode()), target.span.end)
            self._set(path, assignment, Name(owner), name, at, SettingSource("attribute", "`app.conf`"))
        elif isinstance(target, Name) and target.ref.endswith(".conf"):
            self._each(
                Placed(path, assignment.block, Name(target.ref.removesuffix(".conf"))),
                lambda c, d: c.reopen("its configuration is replaced"),
            )
        elif isinstance(target, Subscript) and isinstance(target.value, Name) and target.value.ref.endswith(".conf"):
            key = target.index
            if isinstance(key, Literal) and isinstance(key.value, str):
                owner = target.value.ref.removesuffix(".conf")
                self._set(path, assignment, Name(owner), key.value, key.span, SettingSource("item", "`app.conf`"))

    def _set(self, path: str, assignment: Assignment, owner: Name, name: str, at: Span, source: SettingSource) -> None:
        if assignment.value is None:
            return
        value = assignment.value

        def set_it(collector: Collector, draft: Draft) -> None:
            bound = draft.constructor.bound if draft.constructor.path == path else None
            placed = self.flask.resolved(Placed(path, assignment.block, value, bound))
            collector.add(Note(name, placed, Location(path, assignment.span), at), source)

        self._each(Placed(path, assignment.block, owner), set_it)


def flattened(value: Value) -> Iterator[Value]:
    """The parts of a `+` or `|` chain, left to right."""
    if isinstance(value, Operation) and value.operator in ("+", "|"):
        yield from flattened(value.left)
        yield from flattened(value.right)
    else:
        yield value
