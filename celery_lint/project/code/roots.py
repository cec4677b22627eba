"""From which folders the modules of a project are imported, and so what they are called.

Nothing says it: it shows in what imports work from where, and in what commands start. All of that is gathered once,
before anybody asks for a name, so a module is called the same whoever asks, and whatever was asked before.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from celery_lint.project.code.files import Files
from celery_lint.project.code.modules import Hit, Modules


class Start(Struct, frozen=True):
    """What a command shows by the name of the module that it starts: the FOLDERS that it may be run in, and what the
    folder of the repository is called (ABOVE) where it is run in the one that holds that."""

    folders: tuple[str, ...] = ()
    above: str | None = None


class Roots:
    """What the modules of a project are called. IMPORTS: how many imports work from a folder; STARTS: what commands
    show."""

    def __init__(self, modules: Modules, imports: Mapping[str, int], starts: Iterable[Start]) -> None:
        known = tuple(starts)
        folders = [folder for start in known for folder in start.folders]
        self._modules = modules
        self._uses = Counter(imports) + Counter(folders)
        self._started = frozenset(folders)
        # What the folder of the repository itself is called where something imports it from above.
        self.above = tuple(sorted({start.above for start in known if start.above is not None}))

    def names_of(self, path: str) -> list[str]:
        """The dotted names under which PATH can be imported, the likeliest first.

        Folders that imports of this project work from decide; without any, every folder that is no package.
        A package counts among them when more imports work from it than from the folders around it: `src/__init__.py`
        makes no `src.shop` of the `shop` that everybody imports. Where a command starts always counts.
        """
        possible = self._modules.possible_names(path)
        names = {_root(path, name): name for name in possible}
        plain = [root for root in names if not self._modules.is_package(root)]
        most = max((self._uses[root] for root in plain), default=0)
        least = {root: 0 if root in plain or root in self._started else most for root in names}
        used = [root for root in names if self._uses[root] > least[root]]
        above = [f"{top}.{possible[0]}" for top in self.above]
        if used:
            return [*(names[root] for root in sorted(used, key=lambda root: -self._uses[root])), *above]
        return [*([names[root] for root in plain] or possible[:1]), *above]


def count_imports(paths: Iterable[str], files: Files, modules: Modules) -> Mapping[str, int]:
    """How many imports in the files PATHS work from each folder; what is imported in a folder twice counts once."""
    return Counter(_roots_of_imports(paths, files, modules))


def _roots_of_imports(paths: Iterable[str], files: Files, modules: Modules) -> Iterator[str]:
    # By the folder of the importing file: all files in it import alike.
    seen: set[tuple[str, str]] = set()
    for path in paths:
        folder = path.rpartition("/")[0]
        for item in files.python(path).facts.imports:
            name = item.target
            if (folder, name) in seen or name.startswith("."):
                continue
            seen.add((folder, name))
            hit = modules.find(path, name)
            if hit is not None:
                yield _root_of_hit(name, hit)


def _root_of_hit(name: str, hit: Hit) -> str:
    """The folder that NAME is looked up in when it leads to HIT."""
    file, rest = hit
    return _root(file, name.removesuffix("".join(f".{each}" for each in rest)))


def _root(path: str, name: str) -> str:
    """The folder from which PATH is imported as NAME."""
    module = path.removesuffix(".py").removesuffix("/__init__")
    return module[: len(module) - len(name)].rstrip("/")
