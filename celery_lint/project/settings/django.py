"""LINK: where a Django project keeps its settings: the modules it names, and what those take in."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterator
from functools import cached_property
from pathlib import PurePosixPath

from msgspec import Struct

from celery_lint.facts.model import Assignment, Call, Literal, Name, Subscript, Value
from celery_lint.project.code.files import is_aside
from celery_lint.project.code.patterns import Pattern
from celery_lint.project.code.values import Evaluator, Known, Placed

_VARIABLE = "DJANGO_SETTINGS_MODULE"
_NAMED = Pattern(rb"DJANGO_SETTINGS_MODULE")
# In YAML, shell, Dockerfiles: `X=a.b`, `X: a.b`, `${X:-a.b}`, `ENV X a.b`, `name: X` and `value: a.b` below it.
_DEPLOYED = re.compile(
    rb"""\bDJANGO_SETTINGS_MODULE\b["']?(?:\s*(?::-|:=|:|=)\s*|\s+value:\s*|[ \t]+)["']?([A-Za-z_]\w*(?:\.\w+)+)"""
)
_INCLUDE = frozenset({"split_settings.tools.include", "split_settings.include"})
_OPTIONAL = frozenset({"split_settings.tools.optional", "split_settings.optional"})


class Source(Struct, frozen=True):
    """Something a settings module takes settings from: the file PATH, or, when that is None, what cannot be seen."""

    name: str
    path: str | None


class Django:
    """Finds the settings modules of a Django project."""

    def __init__(self, evaluator: Evaluator) -> None:
        self.evaluator = evaluator
        self.symbols = evaluator.symbols
        self.files = evaluator.symbols.files

    def sources(self, path: str) -> list[Source]:
        """The settings modules of the application made in PATH; the later ones win.

        What the deployment sets goes over the default that the code gives. Where deployments differ, what the code
        says decides; and where the code names nothing, the project's other entry points do (`manage.py`, `wsgi.py`).
        """
        own = list(self._named_in(path))
        found = [*self._deployed, *own]
        if not any(source.path for source in found) and not own:
            found = [source for other in self._entry_points if other != path for source in self._named_in(other)]
        known = [source for source in found if source.path is not None]
        return list(dict.fromkeys(known or found))

    def values(self, path: str, name: str) -> list[Placed]:
        """All that the settings modules of the application made in PATH, or what they take in, assign to NAME."""
        modules = [source.path for source in self.sources(path) if source.path is not None]
        found: list[Placed] = []
        for module in modules:
            modules += [each.path for each in self.included(module) if each.path and each.path not in modules]
            same = self.files.python(module).definitions.get(name, [])
            assigned = [item for item in same if isinstance(item, Assignment)]
            found += [Placed(module, item.block, item.value) for item in assigned if item.value is not None]
        return found

    @cached_property
    def _entry_points(self) -> tuple[str, ...]:
        return tuple(self.files.mentioning(_NAMED))

    def _named_in(self, path: str) -> Iterator[Source]:
        """What the Python file PATH sets the variable to, or sets it to if nobody else has."""
        facts = self.files.python(path).facts
        for call in facts.calls:
            first, second = call.argument(0), call.argument(1)
            if first is not None and second is not None and _is_variable(first.value):
                yield from self._source(path, Placed(path, call.block, second.value))
        for assignment in facts.assignments:
            target = assignment.target_value
            if isinstance(target, Subscript) and _is_variable(target.index) and assignment.value is not None:
                yield from self._source(path, Placed(path, assignment.block, assignment.value))

    def _source(self, path: str, value: Placed) -> Iterator[Source]:
        name = self.evaluator.text(value)
        if isinstance(name, Known):
            yield Source(name.value, self._module(path, name.value))

    def _module(self, path: str, name: str) -> str | None:
        found = self.symbols.modules.find(path, name)
        return found[0] if found is not None and not found[1] else None

    @cached_property
    def _deployed(self) -> tuple[Source, ...]:
        """What deployment files set the variable to; those that run the tests say nothing about workers."""
        found: list[Source] = []
        for path in self.files.deploy_paths:
            for name in _DEPLOYED.findall(self.files.data(path)):
                module = self._module(path, name.decode())
                if module is not None and not is_aside(module) and not _stem(module).startswith("test"):
                    found.append(Source(name.decode(), module))
        return tuple(dict.fromkeys(found))

    # what a settings module takes in

    def included(self, path: str) -> Iterator[Source]:
        """What the settings module PATH takes in: star imports, `include(...)` of django-split-settings, and what is
        put into its globals."""
        index = self.files.python(path)
        for module in index.star_imports:
            found = self.symbols.modules.find(path, module)
            if found is None or not found[1]:
                yield Source(module, found[0] if found is not None else None)
            elif module.startswith("."):
                yield Source(module, None)
        for call in index.calls_by_function.get(-1, []):
            name = self.symbols.external(path, call.callee)
            if name in _INCLUDE:
                for argument in call.arguments:
                    if argument.keyword is None:
                        yield from self._matching(path, Placed(path, call.block, argument.value))
            elif name == "builtins.exec" or _fills_globals(call):
                yield Source("values made at run time", None)

    def _matching(self, path: str, value: Placed) -> Iterator[Source]:
        """The files that one argument of `include` means, relative to the file that includes them."""
        call = value.value
        if isinstance(call, Call) and self.symbols.external(path, call.callee) in _OPTIONAL and call.arguments:
            value = value.at(call.arguments[0].value)
        name = self.evaluator.text(value)
        if not isinstance(name, Known):
            yield Source("a file whose name is computed", None)
            return
        pattern = str(PurePosixPath(path).parent / name.value)
        files = [file for file in self.files.python_paths if file != path and fnmatch.fnmatchcase(file, pattern)]
        yield from (Source(name.value, file) for file in files)
        if not files:
            yield Source(name.value, None)


def _stem(path: str) -> str:
    return path.rpartition("/")[2].removesuffix(".py")


def _is_variable(value: Value) -> bool:
    return isinstance(value, Literal) and value.value == _VARIABLE


def _fills_globals(call: Call) -> bool:
    """`globals().update(...)`."""
    callee = call.callee
    owner = getattr(callee, "value", None)
    return (
        getattr(callee, "name", None) == "update"
        and isinstance(owner, Call)
        and isinstance(owner.callee, Name)
        and owner.callee.ref in ("builtins.globals", "builtins.vars", "builtins.locals")
    )
