"""LINK: which modules a worker imports, and so which tasks it knows.

As the worker does it: the module that `-A` names and everything it imports; `include` and `imports`;
`autodiscover_tasks`; and for Django what its start loads. What cannot be followed makes the answer open.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from functools import cached_property
from itertools import chain

from msgspec import Struct

from celery_lint.project.code.files import Files
from celery_lint.project.code.patterns import Pattern
from celery_lint.project.code.roots import Roots
from celery_lint.project.code.symbols import Symbols
from celery_lint.project.code.values import Evaluator, Known
from celery_lint.project.model import App, CeleryCommand
from celery_lint.project.settings.installed import InstalledApps
from celery_lint.project.tasks.discovery import DISCOVERS, Discovery, discoveries
from celery_lint.project.tasks.walk import Walk

_CELERY, _URLS = Pattern(rb"celery"), Pattern(rb"""urlpatterns|\binclude\(\s*(?:\(\s*)?["'][\w.]+["']""")
_DYNAMIC = Pattern(
    rb"\b(?:pkgutil|import_module|__import__|entry_points|import_string|exec_module|scandir|iterdir|rglob|glob|venusian"
    rb"|find_modules)\b"
)
_ALWAYS_DYNAMIC = Pattern(rb"\bautodiscover_modules\b")
_NAMES_IMPORTS = Pattern(rb"(?i:celery_imports|celery_include)|\bimports\s*=|[\"']imports[\"']")
_STARTS_DJANGO = Pattern(rb"DJANGO_SETTINGS_MODULE|django\.setup|django\.conf\b")
_INCLUDES = re.compile(rb"\binclude\(\s*(?:\(\s*)?[\"']([\w.]+)[\"']")
_COMMANDS = re.compile(rb"celery[^\n]{0,500}?\s(?:-A|--app)[ =]?\s*([A-Za-z_][\w.]*)")


class Imported(Struct, frozen=True):
    """The files a worker imports. OPEN says why there may be others; None when all are seen."""

    paths: frozenset[str]
    open: str | None = None


class Registration:
    """Answers which files the workers of an application import."""

    def __init__(self, files: Files, evaluator: Evaluator, commands: tuple[CeleryCommand, ...], roots: Roots) -> None:
        self.files = files
        self.evaluator = evaluator
        self.symbols: Symbols = evaluator.symbols
        self.roots = roots
        self.commands = tuple(command for command in commands if command.invocation.is_worker)
        self.django = InstalledApps(files, evaluator, self._module)
        self._walks: dict[int, Walk] = {}
        self._at_once: dict[int, Walk] = {}
        self._targets: dict[str, tuple[str, ...]] = {}
        self._targets_at_once: dict[str, tuple[str, ...]] = {}
        self._packages: dict[str, tuple[str, ...]] = {}

    def imported(self, app: App) -> Imported:
        """The files that a worker of APP imports."""
        walk = self._walk_of(app)
        return Imported(walk.all(), next(iter(walk.reasons), None))

    def may_import(self, app: App, path: str) -> bool:
        """Whether a worker of APP imports PATH, or may: nearly always that is seen long before all that it imports."""
        return self._walk_of(app).may_reach(path)

    def _walk_of(self, app: App) -> Walk:
        if id(app) not in self._walks:
            reasons: list[str] = []
            self._walks[id(app)] = self._walk(self._start(app, reasons), app, reasons, self.targets)
        return self._walks[id(app)]

    def imports_at_once(self, app: App, path: str) -> bool:
        """Whether a worker of APP has surely imported PATH when it starts its pool: not what functions import."""
        if id(app) not in self._at_once:
            self._at_once[id(app)] = self._walk(self._start(app, []), app, [], self.targets_at_once)
        return self._at_once[id(app)].reaches(path)

    def _start(self, app: App, reasons: list[str]) -> list[str]:
        own = [app.module_path, app.location.path, *(path for path, _ in app.variables)]
        return [*own, *self._commanded(app, reasons), *self._listed(app, reasons)]

    def commands_of(self, app: App) -> tuple[CeleryCommand, ...]:
        """The commands that start workers of APP."""
        return tuple(command for command in self.commands if command.app is app)

    def loaded_with(self, paths: list[str]) -> frozenset[str]:
        """The files PATHS and all that they import."""
        return Walk(paths, lambda path: chain(self._with_packages(path), self.targets(path)), []).all()

    def _walk(self, start: list[str], app: App, reasons: list[str], targets: Callable[[str], tuple[str, ...]]) -> Walk:
        started: list[str] = []

        def following(path: str) -> Iterator[str]:
            yield from self._with_packages(path)
            yield from targets(path)
            if path in self._code and path not in self._loading:
                return
            yield from self._loaded_by(path, reasons)
            if not started and self.files.mentions(path, _STARTS_DJANGO):
                started.append(path)
                yield from self.django.loaded(None, reasons)
            if self._is_dynamic(path, app):
                reasons.append(f"{path} imports modules at run time")

        return Walk(start, following, reasons)

    def _loaded_by(self, path: str, reasons: list[str]) -> Iterator[str]:
        """What PATH has Celery and Django load."""
        if self.files.mentions(path, DISCOVERS):
            for discovery in discoveries(path, self.evaluator):
                yield from self._discovered(discovery, reasons)
        if self.files.mentions(path, _URLS):
            yield from self._included(path)

    @cached_property
    def _code(self) -> frozenset[str]:
        return frozenset(self.files.code_paths)

    @cached_property
    def _loading(self) -> frozenset[str]:
        """The code that may load more than it imports."""
        patterns = (DISCOVERS, _URLS, _STARTS_DJANGO, _ALWAYS_DYNAMIC, _DYNAMIC)
        return frozenset(path for pattern in patterns for path in self.files.mentioning(pattern))

    def _is_dynamic(self, path: str, app: App) -> bool:
        """Whether a file imports at run time and may load tasks: the application's file does, or a package's."""
        if self.files.mentions(path, _ALWAYS_DYNAMIC):
            return True
        is_suspect = path in (app.module_path, app.location.path) or path.endswith("__init__.py")
        return (is_suspect or self.files.mentions(path, _CELERY)) and self.files.mentions(path, _DYNAMIC)

    def is_imported(self, path: str, but_by: Collection[str] = ()) -> bool:
        """Whether any other file that is no test, and none of BUT_BY, imports PATH."""
        name = path.removesuffix("/__init__.py").removesuffix(".py").rpartition("/")[2]
        return any(
            path in self.targets(other) for other in self.files.holding(name) if other != path and other not in but_by
        )

    def targets(self, path: str) -> tuple[str, ...]:
        """The files that the imports of PATH run: the modules, and the packages around them."""
        if path not in self._targets:
            names = self.files.imports(path).anywhere if path in self.files.known else ()
            self._targets[path] = self._found(path, names)
        return self._targets[path]

    def targets_at_once(self, path: str) -> tuple[str, ...]:
        """The files that are surely imported when PATH is, and the packages around them."""
        if path not in self._targets_at_once:
            self._targets_at_once[path] = self._find_at_once(path) if path in self.files.known else ()
        return self._targets_at_once[path]

    def _find_at_once(self, path: str) -> tuple[str, ...]:
        names = self.files.imports(path)
        return self._found(path, names.at_once) if names.at_once != names.anywhere else self.targets(path)

    def _found(self, path: str, names: tuple[str, ...]) -> tuple[str, ...]:
        modules = self.symbols.modules.files(path, names)
        return tuple(dict.fromkeys([file for module in modules for file in self._with_packages(module)]))

    def _with_packages(self, path: str) -> tuple[str, ...]:
        """PATH, and the packages around it."""
        if path not in self._packages:
            self._packages[path] = (path, *self._around(path))
        return self._packages[path]

    def _around(self, path: str) -> Iterator[str]:
        folder = path.rpartition("/")[0]
        while folder:
            package = f"{folder}/__init__.py"
            if package not in self.files.known:
                return
            yield package
            folder = folder.rpartition("/")[0]

    def _included(self, path: str) -> Iterator[str]:
        """`include("shop.urls")` in a URL configuration of Django, or in what one imports (`routes = [...]`)."""
        for name in _INCLUDES.findall(self.files.data(path)):
            yield from self._module(path, name.decode())

    # what the command and the configuration name

    def _commanded(self, app: App, reasons: list[str]) -> Iterator[str]:
        """The modules that `-A` and `--include` of the workers name, and the scripts that start workers."""
        for command in self.commands:
            if not command.app_is_known and not self.is_broken(command):
                reasons.append(f"the application of `{command.label}` cannot be told")
            if command.app is not app:
                continue
            if command.command.kind == "python":
                yield command.command.path
            named = command.invocation.app
            if named is not None and named.text is not None:
                yield from self._everywhere(named.text.partition(":")[0])
            include = command.invocation.value("include")
            if isinstance(include, str):
                for name in include.split(","):
                    yield from self._everywhere(name)
            elif include is not None:
                reasons.append(f"what `{command.label}` includes is computed")
        if not self.commands_of(app):
            yield from self._written()

    def is_broken(self, command: CeleryCommand) -> bool:
        """Whether `-A` of COMMAND names what a package of the project does not have: nothing starts there."""
        named = command.invocation.app
        if named is None or named.text is None or ":" in named.text:
            return False
        names = tuple(named.text.split("."))
        found = [self.symbols.modules.below(root, names) for root in self.symbols.modules.tops(names[0])]
        hits = [hit for hit in found if hit is not None]
        return bool(hits) and all(rest and self._has_nothing(path, rest) for path, rest in hits)

    def _has_nothing(self, path: str, names: tuple[str, ...]) -> bool:
        index = self.files.python(path)
        known = names[0] in index.definitions or names[0] in index.imported or index.star_imports
        return index.facts.error is None and not known

    def _everywhere(self, name: str) -> Iterator[str]:
        """The files that a dotted name means from any folder: nothing says from which the worker imports."""
        names = tuple(part for part in name.strip().split(".") if part)
        modules = self.symbols.modules
        for root in modules.tops(names[0]) if names else ():
            found = modules.below(root, names)
            if found is not None:
                yield found[0]
        if names and names[0] in self.roots.above and (inner := modules.below("", names[1:])) is not None:
            yield inner[0]

    def _listed(self, app: App, reasons: list[str]) -> list[str]:
        found: list[str] = []
        for name in ("include", "imports"):
            setting = app.settings.get(name)
            names = self.evaluator.texts(setting.value) if setting is not None else []
            if names is None:
                reasons.append(f"`{name}` is computed at run time")
                continue
            for module in names:
                files = list(self._module(app.module_path, module))
                if not files and self.symbols.modules.tops(module.partition(".")[0]):
                    reasons.append(f"`{name}` names {module}, which is not found")
                found += files
        if app.settings.open is not None and (app.settings.outside or self._may_list()):
            reasons.append(app.settings.open)
        return found

    def lists_modules(self, app: App) -> bool:
        """Whether APP is told which task modules to import: by `include`, `imports` or `autodiscover_tasks`."""
        if any(app.settings.get(name) is not None for name in ("include", "imports")):
            return True
        paths = dict.fromkeys((app.module_path, app.location.path, *(path for path, _ in app.variables)))
        return any(self.files.mentions(path, DISCOVERS) for path in paths)

    def _written(self) -> Iterator[str]:
        """The modules that the project's documents start Celery with: `celery -A proj.worker worker`."""
        for path in self.files.paths:
            if path.endswith((".md", ".rst", ".txt", "Makefile", ".json")):
                for name in _COMMANDS.findall(self.files.data(path)):
                    yield from self._everywhere(name.decode())

    def _may_list(self) -> bool:
        """Whether some file may set `imports` where the settings of an application cannot be followed."""
        return self.files.is_mentioned(_NAMES_IMPORTS)

    def _module(self, path: str, name: str) -> Iterator[str]:
        found = self.symbols.modules.find(path, name)
        if found is not None and not found[1]:
            yield from self._with_packages(found[0])

    # autodiscover_tasks

    def _discovered(self, discovery: Discovery, reasons: list[str]) -> Iterator[str]:
        if discovery.open:
            reasons.append(f"what {discovery.path} discovers is computed")
        if discovery.packages is None:
            if discovery.uses_django:
                yield from self.django.loaded(discovery.related, reasons)
            else:
                reasons.append(f"{discovery.path} discovers packages that are computed")
            return
        for package in discovery.packages:
            known = self.evaluator.text(package)
            if isinstance(known, Known):
                yield from self.found_in(discovery.path, known.value, discovery.related)
            else:
                reasons.append(f"{discovery.path} discovers a package that is computed")

    def found_in(self, path: str, package: str, related: str | None) -> Iterator[str]:
        """The files that `autodiscover_tasks([PACKAGE], RELATED)`, written in PATH, imports: the package and the module
        in it; for a package that does not exist, the module in the one around it (celery/loaders/base.py)."""
        own = list(self._module(path, package))
        yield from own
        if related is None:
            return
        inside = list(self._module(path, f"{package}.{related}"))
        yield from inside
        around = package.rpartition(".")[0]
        if around and not own and not inside:
            yield from self._module(path, f"{around}.{related}")
