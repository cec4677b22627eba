"""LINK: what Django loads in a worker: the installed apps, the URL configuration, what settings name."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from celery_lint.facts.model import Attribute, Literal, Name, PythonFacts, Value
from celery_lint.project.code.expressions import last_name, within
from celery_lint.project.code.files import Files
from celery_lint.project.code.patterns import Pattern
from celery_lint.project.code.symbols import ClassRef, Internal
from celery_lint.project.code.values import Evaluator, Known, Placed

_INSTALLED = Pattern(rb"INSTALLED_APPS\b")
_CELERYS = re.compile("celery|beat|schedule|routes|queues|task|INSTALLED_APPS|ROOT_URLCONF", re.IGNORECASE)
_DOTTED = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+")
_GROWS = frozenset({"append", "extend", "insert"})


class InstalledApps:
    """The Django settings of a project, as far as they decide what is imported."""

    def __init__(self, files: Files, evaluator: Evaluator, module: Callable[[str, str], Iterator[str]]) -> None:
        """MODULE gives the files that importing a dotted name, written in a file, runs."""
        self.files = files
        self.evaluator = evaluator
        self.symbols = evaluator.symbols
        self.module = module
        self._mentioned: dict[str, tuple[str, ...]] = {}

    def settings(self) -> tuple[str, ...]:
        """The settings files: those that say what is installed."""
        found = self.files.mentioning(_INSTALLED)
        return tuple(path for path in found if any(True for _ in self.installed_apps(path)))

    def loaded(self, related: str | None, reasons: list[str]) -> Iterator[str]:
        """What every process of the project imports, with the module RELATED of each installed app.

        Adds to REASONS why there may be more.
        """
        settings = self.settings()
        if not settings:
            reasons.append("Django's INSTALLED_APPS are not in this project")
        for path in settings:
            yield path
            for name, is_known in self.installed_apps(path):
                if not is_known:
                    reasons.append(f"INSTALLED_APPS of {path} are computed")
                    continue
                yield from self.module(path, name)
                for module in (related, "models", "apps", "admin"):
                    if module is not None:
                        yield from self.module(path, f"{name}.{module}")
            yield from self._urls(path, reasons)
            for name in self._modules_in(path):
                found = self.symbols.modules.find(path, name)
                if found is not None:
                    yield found[0]

    def _modules_in(self, path: str) -> tuple[str, ...]:
        """The modules that the settings in PATH mention."""
        if path not in self._mentioned:
            self._mentioned[path] = tuple(dict.fromkeys(_mentioned(self.files.python(path).facts)))
        return self._mentioned[path]

    def _urls(self, path: str, reasons: list[str]) -> Iterator[str]:
        """The URL configuration: Celery's Django fixup runs the system checks when a worker starts, and one of them
        imports all views (celery/fixups/django.py: DjangoWorkerFixup.validate_models)."""
        for assignment in self.files.python(path).facts.assignments:
            if (assignment.target or "").rpartition(".")[2].lstrip("@") != "ROOT_URLCONF" or assignment.value is None:
                continue
            known = self.evaluator.text(Placed(path, assignment.block, assignment.value))
            if isinstance(known, Known):
                yield from self.module(path, known.value)
            else:
                reasons.append("ROOT_URLCONF is computed")

    def installed_apps(self, path: str) -> Iterator[tuple[str, bool]]:
        """The packages in the INSTALLED_APPS of a settings file; ("", False) for a part that cannot be seen."""
        facts = self.files.python(path).facts
        for assignment in facts.assignments:
            if (assignment.target or "").lstrip("@").endswith("INSTALLED_APPS") and assignment.value is not None:
                yield from self._packages(Placed(path, assignment.block, assignment.value))
        for call in facts.calls:
            owner = getattr(call.callee, "ref", "").rpartition(".")[0]
            if owner.endswith("INSTALLED_APPS") and last_name(call.callee) in _GROWS and call.arguments:
                placed = Placed(path, call.block, call.arguments[-1].value)
                known = self.evaluator.text(placed)
                if isinstance(known, Known):
                    yield self._package_of(path, known.value), True
                else:
                    yield from self._packages(placed)

    def _packages(self, placed: Placed) -> Iterator[tuple[str, bool]]:
        items = self.evaluator.items(placed)
        if items is None:
            yield "", False
        for item in items or ():
            known = self.evaluator.text(item)
            yield (self._package_of(placed.path, known.value), True) if isinstance(known, Known) else ("", False)

    def _package_of(self, path: str, name: str) -> str:
        """`shop.apps.ShopConfig` installs the package that its `name` says, else the one around `apps`."""
        target = self.symbols.target(path, name)
        if not isinstance(target, Internal) or target.fact is None or not hasattr(target.fact, "bases"):
            return name
        named = self.symbols.attribute(ClassRef(target.path, target.fact.block), "name")
        value = named[1].value if named is not None else None
        if isinstance(value, Literal) and isinstance(value.value, str):
            return value.value
        return name.rpartition(".")[0].rpartition(".")[0]


def _mentioned(facts: PythonFacts) -> Iterator[str]:
    """The dotted names in the strings that a settings file assigns to names that have nothing to do with Celery."""
    skipped = {each.span for each in facts.assignments if _CELERYS.search(_written(each.target_value))}
    for assignment in facts.assignments:
        if assignment.value is not None and assignment.span not in skipped:
            for value in within(assignment.value):
                text = value.value if isinstance(value, Literal) else None
                if isinstance(text, str) and _DOTTED.fullmatch(text):
                    yield text


def _written(target: Value) -> str:
    """The names and constants in what is assigned to."""
    parts: list[str] = []
    for each in within(target):
        match each:
            case Name(ref=text) | Attribute(name=text) | Literal(value=str() as text):
                parts.append(text)
    return " ".join(parts)
