"""LINK: which modules a worker imports, and so which tasks it knows.

As the worker does it: the module that `-A` names and everything it imports; `include` and `imports`;
`autodiscover_tasks`; and for Django the installed apps' models and configurations. What cannot be followed makes
the answer open.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from celery_lint.facts.model import Call, Import, Lambda, Literal, Name
from celery_lint.project.files import Files, is_aside
from celery_lint.project.index import FileIndex
from celery_lint.project.model import App, Worker
from celery_lint.project.reach import last_name
from celery_lint.project.symbols import ClassRef, Internal, Symbols
from celery_lint.project.values import Evaluator, Known, Placed

_DISCOVERS = re.compile(rb"autodiscover_tasks")
_DYNAMIC = re.compile(
    rb"\b(?:importlib|pkgutil|import_module|__import__|entry_points|import_string|scandir|glob|venusian)\b"
)
_DJANGO = re.compile(rb"INSTALLED_APPS\s*[:=]")


@dataclass(frozen=True)
class Discovery:
    """One `autodiscover_tasks` call: the packages it names (None: Django's installed apps, or computed), and the
    module it looks for in each (None: the packages themselves)."""

    path: str
    call: Call
    packages: tuple[Placed, ...] | None
    related: str | None
    uses_django: bool = False


@dataclass(frozen=True)
class Imported:
    """The files a worker imports. OPEN says why there may be others; None when all are seen."""

    paths: frozenset[str]
    open: str | None = None


class Registration:
    """Answers which files the workers of an application import."""

    def __init__(self, files: Files, evaluator: Evaluator, workers: tuple[Worker, ...]) -> None:
        self.files = files
        self.evaluator = evaluator
        self.symbols: Symbols = evaluator.symbols
        self.workers = workers
        self._imported: dict[int, Imported] = {}

    def imported(self, app: App) -> Imported:
        """The files that a worker of APP imports."""
        if id(app) not in self._imported:
            self._imported[id(app)] = self._explore(app)
        return self._imported[id(app)]

    def _explore(self, app: App) -> Imported:
        reasons: list[str] = []
        start = [app.module_path, app.location.path, *(path for path, _ in app.variables)]
        start += self._listed(app, reasons)
        seen: set[str] = set()
        queue = deque(dict.fromkeys(start))
        while queue:
            path = queue.popleft()
            if path in seen:
                continue
            seen.add(path)
            index = self.files.python(path)
            if index.facts.error is not None:
                reasons.append(f"{path} cannot be read")
            queue.extend(self._of_file(index))
            if _DISCOVERS.search(self.files.data(path)):
                for discovery in self.discoveries(path):
                    queue.extend(self._discovered(discovery, reasons))
            if _DYNAMIC.search(self.files.data(path)) and self._loads_tasks(path, app):
                reasons.append(f"{path} imports modules at run time")
        return Imported(frozenset(seen), reasons[0] if reasons else None)

    def _loads_tasks(self, path: str, app: App) -> bool:
        """Whether a file that imports at run time is one that may load tasks: the application's, or a package's."""
        return (
            path in (app.module_path, app.location.path)
            or path.endswith("__init__.py")
            or b"celery" in self.files.data(path)
        )

    def _of_file(self, index: FileIndex) -> Iterator[str]:
        for item in index.facts.imports:
            yield from self.of_import(index.path, item)

    def of_import(self, path: str, item: Import) -> Iterator[str]:
        """The files that an import of PATH runs: the module, and the packages around it."""
        for name in dict.fromkeys((item.module, item.target)):
            found = self.symbols.modules.find(path, name)
            if found is not None:
                yield from self._with_packages(found[0])

    def _with_packages(self, path: str) -> Iterator[str]:
        yield path
        folder = path.rpartition("/")[0]
        while folder:
            package = f"{folder}/__init__.py"
            if package not in self.files.known:
                return
            yield package
            folder = folder.rpartition("/")[0]

    # what the configuration names

    def _listed(self, app: App, reasons: list[str]) -> list[str]:
        found: list[str] = []
        for name in ("include", "imports"):
            setting = app.settings.get(name)
            names = self.evaluator.texts(setting.value) if setting is not None else []
            if names is None:
                reasons.append(f"`{name}` is computed at run time")
                continue
            for module in names:
                found.extend(self._module(app.module_path, module))
        if app.settings.open is not None and app.settings.outside:
            reasons.append(app.settings.open)
        return found

    def _module(self, path: str, name: str) -> Iterator[str]:
        found = self.symbols.modules.find(path, name)
        if found is not None and not found[1]:
            yield from self._with_packages(found[0])

    # autodiscover_tasks

    def discoveries(self, path: str) -> Iterator[Discovery]:
        """The `autodiscover_tasks` calls of a file."""
        for call in self.files.python(path).facts.calls:
            if last_name(call.callee) == "autodiscover_tasks":
                yield self._discovery(path, call)

    def _discovery(self, path: str, call: Call) -> Discovery:
        related_argument = call.argument(1, "related_name")
        related: str | None = "tasks"
        if related_argument is not None:
            known = self.evaluator.scalar(Placed(path, call.block, related_argument.value))
            related = known.value if isinstance(known, Known) and isinstance(known.value, str) else None
        argument = call.argument(0, "packages")
        if argument is None:
            return Discovery(path, call, None, related, uses_django=True)
        value = argument.value
        if isinstance(value, Literal) and value.value is None:
            return Discovery(path, call, None, related, uses_django=True)
        if isinstance(value, Lambda) or (isinstance(value, Name) and value.ref.endswith("INSTALLED_APPS")):
            return Discovery(path, call, None, related, uses_django=True)
        items = self.evaluator.items(Placed(path, call.block, value))
        return Discovery(path, call, tuple(items) if items is not None else None, related)

    def _discovered(self, discovery: Discovery, reasons: list[str]) -> Iterator[str]:
        if discovery.packages is None:
            if not discovery.uses_django:
                reasons.append(f"{discovery.path} discovers packages that are computed")
                return
            yield from self._of_django(discovery.related, reasons)
            return
        for package in discovery.packages:
            known = self.evaluator.text(package)
            if isinstance(known, Known):
                yield from self.found_in(discovery.path, known.value, discovery.related)
            else:
                reasons.append(f"{discovery.path} discovers a package that is computed")

    def found_in(self, path: str, package: str, related: str | None) -> Iterator[str]:
        """The files that `autodiscover_tasks([PACKAGE], RELATED)`, written in PATH, imports."""
        yield from self._module(path, package if related is None else f"{package}.{related}")

    # Django

    def _of_django(self, related: str | None, reasons: list[str]) -> Iterator[str]:
        settings = [path for path in self.files.mentioning(_DJANGO) if not is_aside(path)]
        if not settings:
            reasons.append("Django's INSTALLED_APPS are not in this project")
        for path in settings:
            for name, is_known in self.installed_apps(path):
                if not is_known:
                    reasons.append(f"INSTALLED_APPS of {path} are computed")
                    continue
                for module in (related, "models", "apps"):
                    if module is not None:
                        yield from self._module(path, f"{name}.{module}")
            yield from self._of_urls(path, reasons)

    def _of_urls(self, path: str, reasons: list[str]) -> Iterator[str]:
        """The URL configuration: Celery's Django fixup runs the system checks when a worker starts, and one of them
        imports all views (celery/fixups/django.py: DjangoWorkerFixup.validate_models)."""
        for assignment in self.files.python(path).facts.assignments:
            if assignment.target == "@ROOT_URLCONF" and assignment.value is not None:
                known = self.evaluator.text(Placed(path, assignment.block, assignment.value))
                if isinstance(known, Known):
                    yield from self._module(path, known.value)
                else:
                    reasons.append("ROOT_URLCONF is computed")

    def installed_apps(self, path: str) -> Iterator[tuple[str, bool]]:
        """The packages in the INSTALLED_APPS of a settings file; ("", False) for a part that cannot be seen."""
        for assignment in self.files.python(path).facts.assignments:
            target = assignment.target or ""
            if not target.lstrip("@").endswith("INSTALLED_APPS") or assignment.value is None:
                continue
            items = self.evaluator.items(Placed(path, assignment.block, assignment.value))
            if items is None:
                yield "", False
            for item in items or ():
                known = self.evaluator.text(item)
                yield (self._package_of(path, known.value), True) if isinstance(known, Known) else ("", False)

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
