"""What `-A` leads to, looked up as Celery does (celery/app/utils.py: `find_app`), and why it leads nowhere."""

from __future__ import annotations

import sys

from msgspec import Struct

from celery_lint.facts.model import Assignment, Call, Items, Lambda, Literal, Mapping, Operation, Text
from celery_lint.project.code.files import Files
from celery_lint.project.code.patterns import Pattern
from celery_lint.project.code.symbols import ClassRef, External, Internal, Symbols

_MAKES_NAMES = Pattern(rb"__getattr__|globals\(|setattr\(|sys\.modules|\bexec\(|vars\(")
_WEB = frozenset({"flask.Flask", "fastapi.FastAPI", "quart.Quart", "sanic.Sanic", "starlette.applications.Starlette"})
_NO_APPS = frozenset(sys.stdlib_module_names) | {"celery", "kombu", "django", "flask", "fastapi", "structlog", "loguru"}


class Missing(Struct, frozen=True):
    """`-A` leads nowhere: WHY completes a sentence; DEPTH is how many of its names do lead somewhere.

    With NO_PACKAGE not even the first one is anything of this project. With IS_TAKEN Celery does find something, which
    is no Celery application.
    """

    why: str
    depth: int
    no_package: bool = False
    is_taken: bool = False


class Targets:
    """Answers what the words after `-A` lead to."""

    def __init__(self, files: Files, symbols: Symbols) -> None:
        self.files = files
        self.symbols = symbols
        self.modules = symbols.modules

    def missing(self, text: str) -> Missing | None:
        """Why `-A TEXT` leads to no application, from whichever folder it runs; None where it does or may."""
        module, colon, attribute = text.partition(":")
        names = tuple(module.split("."))
        if not all(name.isidentifier() for name in names):
            return None
        roots = self.modules.tops(names[0])
        if not roots:
            return Missing(f"this project has no module `{names[0]}`", 0, no_package=True)
        found = [self._from(root, names, attribute if colon else None) for root in roots]
        known = [missing for missing in found if missing is not None]
        return max(known, key=lambda missing: missing.depth) if len(known) == len(found) else None

    def _from(self, root: str, names: tuple[str, ...], attribute: str | None) -> Missing | None:
        hit = self.modules.below(root, names)
        if hit is None:
            return self._of_folder(root, names)
        path, rest = hit
        depth = len(names) - len(rest)
        module = ".".join(names[:depth])
        if self.files.python(path).facts.error is not None or (rest and self._binds(path, rest[0])):
            return None
        if rest:
            kind = "module or application" if len(rest) == 1 else "module"
            return Missing(f"`{module}` has no {kind} `{rest[0]}`", depth)
        if attribute is None:
            return self._of_module(path, module, depth)
        name = attribute.partition(".")[0]
        return None if self._binds(path, name) else Missing(f"`{module}` has no `{name}`", depth)

    def _of_folder(self, root: str, names: tuple[str, ...]) -> Missing | None:
        """A folder without `__init__.py` is a package too: Celery looks for `celery.py` in it."""
        folders = [root, *names] if root else [*names]
        while "/".join(folders) not in self.files.folders and len(folders) > 1:
            folders.pop()
        depth = len(folders) - (1 if root else 0)
        if depth == len(names):
            folder = "/".join(folders)
            if f"{folder}/celery.py" in self.files.known or f"{folder}/celery/__init__.py" in self.files.known:
                return None
            return Missing(f"`{'.'.join(names)}` is a folder without a `celery.py`", depth)
        return Missing(f"`{'.'.join(names[:depth])}` has no module `{names[depth]}`", depth)

    # names of a module

    def _binds(self, path: str, name: str) -> bool:
        """Whether the module PATH has, or may have, something called NAME."""
        index = self.files.python(path)
        if name in index.definitions or name in index.imported or self._makes_names(path):
            return True
        target = self.symbols.target(path, f"@{name}")
        return not (isinstance(target, Internal) and target.fact is None and target.rest)

    def _makes_names(self, path: str) -> bool:
        """Whether the module may have names that its text does not show."""
        index = self.files.python(path)
        stars = [self.modules.find(path, module) for module in index.star_imports]
        return self.files.mentions(path, _MAKES_NAMES) or any(star is None or star[1] for star in stars)

    # what Celery takes of a whole module

    def _of_module(self, path: str, module: str, depth: int) -> Missing | None:
        for name in ("app", "celery"):
            if self._binds(path, name) and not self._is_module(path, name):
                return self._taken(path, module, name, depth)
        inner = self.modules.below(path.rpartition("/")[0], ("celery",)) if path.endswith("__init__.py") else None
        if inner is not None and inner[0] != path and not inner[1]:
            return self._of_module(inner[0], f"{module}.celery", depth)
        index = self.files.python(path)
        if any(self._may_be_app(path, name) for name in (*index.definitions, *index.imported) if "." not in name):
            return None
        return None if self._makes_names(path) else Missing(f"`{module}` holds no Celery application", depth)

    def _is_module(self, path: str, name: str) -> bool:
        target = self.symbols.target(path, f"@{name}")
        if isinstance(target, External):
            return target.name == "celery"
        return isinstance(target, Internal) and target.fact is None and not target.rest

    def _taken(self, path: str, module: str, name: str, depth: int) -> Missing | None:
        """Celery takes what is called `app` without a look: a web framework's application is none of its own."""
        framework = self._framework(path, name)
        if framework is None:
            return None
        return Missing(f"`{module}.{name}` is a {framework} application", depth, is_taken=True)

    def _framework(self, path: str, name: str) -> str | None:
        """The web framework whose application NAME is."""
        for definition in self.files.python(path).definitions.get(name, [])[-1:]:
            if isinstance(definition, Assignment) and definition.value is not None:
                found = self.symbols.type_of(path, definition.block, definition.value)
                if isinstance(found, External) and found.name in _WEB:
                    return found.name.rpartition(".")[2]
        return None

    def _may_be_app(self, path: str, name: str) -> bool:
        target = self.symbols.target(path, f"@{name}")
        if isinstance(target, External):
            return self._may_give_app(target)
        if not isinstance(target, Internal):
            return True
        if target.rest or not isinstance(target.fact, Assignment):
            return bool(target.rest)
        value = target.fact.value
        if value is None or isinstance(value, Literal | Mapping | Items | Text | Lambda | Operation):
            return False
        if not isinstance(value, Call):
            return True
        kind = self.symbols.type_of(target.path, target.fact.block, value)
        if isinstance(kind, ClassRef):
            return any(isinstance(base, External) and self._may_give_app(base) for base in self.symbols.lineage(kind))
        callee = self.symbols.external(target.path, value.callee)
        return callee is None or self._may_give_app(External(callee))

    def _may_give_app(self, thing: External) -> bool:
        if thing.name in ("celery.Celery", "celery.app.base.Celery"):
            return True
        return thing.name.partition(".")[0] not in _NO_APPS | {"builtins"}
