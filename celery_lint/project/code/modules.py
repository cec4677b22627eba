"""Which file an import means: `app.tasks`, seen from one file of the project.

The import root is not written down anywhere: it is the folder that makes the import work. The nearest
folder around the importing file wins (`services/a/app` before `app`), and a folder that is itself a package
comes last, since nobody puts a package's inside on the path on purpose.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from functools import cached_property

from celery_lint.project.code.files import Files

# A file of that name next to the importing one never stands for these.
_INSTALLED = frozenset(sys.stdlib_module_names) | {
    "celery", "kombu", "billiard", "django", "flask", "fastapi", "sqlalchemy", "sqlmodel", "pydantic",
    "pydantic_settings", "redis", "requests", "httpx", "aiohttp", "starlette", "asgiref", "anyio", "gevent",
    "eventlet", "click", "pytest", "structlog", "loguru", "sentry_sdk",
}  # fmt: skip

# A file, and the names that remain of a dotted one that leads to it.
Hit = tuple[str, tuple[str, ...]]
_NEW: Hit = ("", ())
_NO_PREFIX = "\0"


class Modules:
    """The modules of a project and the files they live in."""

    def __init__(self, files: Files) -> None:
        self._files = files
        # By the folder of the importing file: all files in it import alike.
        self._known: dict[str, dict[str, Hit | None]] = {}
        self._below: dict[tuple[str, str], Hit | None] = {}
        self._roots: dict[tuple[str, str], tuple[str, ...]] = {}

    def find(self, path: str, dotted: str) -> Hit | None:
        """The file that DOTTED, as imported in the file PATH, leads to, and the names that remain.

        `app.tasks.mail.send` → (`app/tasks/mail.py`, (`send`,)). None when it is no module of this project.
        """
        known = self._known_in(path)
        if dotted not in known:
            known[dotted] = self._find(path, dotted)
        return known[dotted]

    def files(self, path: str, names: Iterable[str]) -> dict[str, None]:
        """The files that the dotted NAMES, imported in the file PATH, lead to, in order."""
        known = self._known_in(path)
        found: dict[str, None] = {}
        inside = _NO_PREFIX
        for dotted in names:
            if dotted.startswith(inside):
                continue
            hit = known.get(dotted, _NEW)
            if hit is _NEW:
                hit = known[dotted] = self._find(path, dotted)
            if hit is None:
                inside = self._prefix_of_installed(dotted)
            else:
                found[hit[0]] = None
                if not hit[1] and not hit[0].endswith("__init__.py"):
                    inside = self._prefix_of_module(dotted)
        return found

    def _prefix_of_installed(self, dotted: str) -> str:
        """How the names start that are of no module of the project, as DOTTED is of none."""
        top = dotted.partition(".")[0]
        return f"{top}." if top and (top in _INSTALLED or top not in self._tops) else _NO_PREFIX

    def _prefix_of_module(self, dotted: str) -> str:
        """How the names start that are imported from the module DOTTED, which is no package: all are in its file."""
        top = dotted.partition(".")[0]
        return f"{dotted}." if not top or len(self._tops[top]) == 1 else _NO_PREFIX

    def _known_in(self, path: str) -> dict[str, Hit | None]:
        folder = path.rpartition("/")[0]
        known = self._known.get(folder)
        if known is None:
            known = self._known[folder] = {}
        return known

    def _find(self, path: str, dotted: str) -> Hit | None:
        if dotted.startswith("."):
            return self._relative(path, dotted)
        top = dotted.partition(".")[0]
        if top in _INSTALLED or top not in self._tops:
            return None
        names = tuple(dotted.split("."))
        around = [(root, self._found_below(root, dotted)) for root in self._roots_around(path, top)]
        hits = [
            (len(hit[1]), position, hit)
            for position, (root, hit) in enumerate(around)
            if hit is not None and not self._is_namesake(root, top, hit[0])
        ]
        if not hits:
            return self._elsewhere(path, names)
        # `app/app/core.py`: both folders hold an `app`, and only one of them an `app.core`.
        return min(hits)[-1]

    def _is_namesake(self, root: str, name: str, file: str) -> bool:
        """Whether FILE, in the package ROOT, is called NAME after what it imports: `shop/kafka.py`, which starts with
        `import kafka`, shows that an installed package is meant by that."""
        if file != _join(root, f"{name}.py") or not self.is_package(root):
            return False
        return any(each == name or each.startswith(f"{name}.") for each in self._files.imports(file).anywhere)

    def guess(self, path: str, dotted: str) -> str | None:
        """The file that `find` would most likely give, told from names of files alone: none is opened."""
        names = tuple(dotted.split("."))
        if dotted.startswith("."):
            hit = self._relative(path, dotted)
        elif names[0] in _INSTALLED:
            hit = None
        else:
            hits = (self._found_below(root, dotted) for root in self._roots_around(path, names[0]))
            hit = next((each for each in hits if each is not None), None)
        return hit[0] if hit is not None else None

    def _elsewhere(self, path: str, names: tuple[str, ...]) -> Hit | None:
        """A package of this repository beside the importing file's own tree: the deepest match, the nearest folder."""
        around = set(_around(path))
        found = [
            (len(hit[1]), -_shared(root, path), root, hit)
            for root in self._tops.get(names[0], ())
            if root not in around
            and (hit := self.below(root, names)) is not None
            and not self._is_namesake(root, names[0], hit[0])
        ]
        return min(found)[-1] if found else None

    def _relative(self, path: str, dotted: str) -> Hit | None:
        name = dotted.lstrip(".")
        folder = _folder(path)
        for _ in range(len(dotted) - len(name) - 1):
            folder = _folder(folder)
        # `from .. import app` means what the package itself holds when it has no module of that name.
        return self._found_below(folder, name) or self._init(folder, tuple(name.split(".")))

    def _roots_around(self, path: str, top: str) -> tuple[str, ...]:
        key = (_folder(path), top)
        if key not in self._roots:
            holders = self._tops.get(top, ())
            around = [root for root in _around(path) if root in holders]
            # The sort is stable: packages come last.
            self._roots[key] = tuple(sorted(around, key=self.is_package))
        return self._roots[key]

    def tops(self, name: str) -> tuple[str, ...]:
        """The folders that hold a module or package called NAME."""
        return self._tops.get(name, ())

    def is_package(self, folder: str) -> bool:
        """Whether a folder is a package with an `__init__.py`."""
        return f"{folder}/__init__.py".lstrip("/") in self._files.known

    @cached_property
    def _tops(self) -> dict[str, tuple[str, ...]]:
        """The folders that hold a module or package of a name."""
        found: dict[str, dict[str, None]] = {}
        for path in self._files.python_paths:
            folder, _, name = path.rpartition("/")
            if name != "__init__.py":
                found.setdefault(name.removesuffix(".py"), {})[folder] = None
            while folder:
                parent, _, name = folder.rpartition("/")
                found.setdefault(name, {})[parent] = None
                folder = parent
        return {name: tuple(folders) for name, folders in found.items()}

    def _found_below(self, root: str, dotted: str) -> Hit | None:
        key = (root, dotted)
        if key not in self._below:
            self._below[key] = self.below(root, tuple(dotted.split(".")) if dotted else ())
        return self._below[key]

    def below(self, root: str, names: tuple[str, ...]) -> Hit | None:
        """The deepest module that NAMES lead to from the folder ROOT, and the names that remain."""
        folder, best = root, None if names else self._init(root, names)
        for index, name in enumerate(names):
            file = _join(folder, f"{name}.py")
            folder = _join(folder, name)
            package = _join(folder, "__init__.py")
            if package in self._files.known:
                best = (package, names[index + 1 :])
            elif file in self._files.known:
                return (file, names[index + 1 :])
            elif folder not in self._files.folders:
                break
        return best

    def _init(self, root: str, names: tuple[str, ...]) -> Hit | None:
        package = _join(root, "__init__.py")
        return (package, names) if package in self._files.known else None

    def possible_names(self, path: str) -> list[str]:
        """The dotted names PATH can have, from the one seen from the project's root to its bare name, or to the
        shortest with which its relative imports work."""
        dotted = path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        segments = dotted.split(".")
        least = self._packages_above(path) + (0 if path.endswith("/__init__.py") else 1)
        return [".".join(segments[index:]) for index in range(max(1, len(segments) - least + 1))]

    def _packages_above(self, path: str) -> int:
        """How many packages PATH is surely in: `from ..mail import send` fails in a module that is in one."""
        if path not in self._files.known:
            return 0
        names = self._files.imports(path).at_once
        dots = {name: len(name) - len(name.lstrip(".")) for name in names}
        # `try: from .mail import send`, `except ImportError: from mail import send` works as a script as well.
        surely = (count for name, count in dots.items() if count and name.lstrip(".") not in names)
        return max(surely, default=0)


def _folder(path: str) -> str:
    return path.rpartition("/")[0]


def _shared(folder: str, path: str) -> int:
    pairs = zip(folder.split("/"), path.split("/"), strict=False)
    return next((index for index, (a, b) in enumerate(pairs) if a != b), min(folder.count("/"), path.count("/")) + 1)


def _around(path: str) -> Iterator[str]:
    folder = _folder(path)
    while folder:
        yield folder
        folder = _folder(folder)
    yield ""


def _join(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name
