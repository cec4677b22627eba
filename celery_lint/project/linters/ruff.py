"""LINK: the configuration of ruff, file by file, as ruff itself understands it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property

from msgspec import Struct

from celery_lint.project.code.files import Files, names_tools
from celery_lint.project.linters.globs import ancestors, matches

# In one folder the first of these wins, and a pyproject.toml only counts with a `[tool.ruff]`.
_NAMES = (".ruff.toml", "ruff.toml", "pyproject.toml")
# What ruff selects without being asked, of the codes that a rule of ours is a twin of.
_DEFAULT = frozenset({"B023", "DTZ003", "DTZ005"})
_DEFAULT_SINCE = (0, 16)
# Rules of flake8 plugins that ruff takes a prefix from, and that ruff does not have.
_ELSEWHERE = ("PIE783", "PIE784", "PIE785")

_PIN = re.compile(
    rb"required-version[ \t]*=[ \t]*[\"'][^\d\"']*(\d+)\.(\d+)"  # ruff's own option
    rb"|^[ \t]*[\"']?ruff[ \t]*[=~>]=[ \t]*(\d+)\.(\d+)"  # a requirement
    rb"|^ruff[ \t]*=[ \t]*[\"'][\^~=>]*(\d+)\.(\d+)"  # one of poetry
    rb"|^name[ \t]*=[ \t]*\"ruff\"\r?\nversion[ \t]*=[ \t]*\"(\d+)\.(\d+)"  # a lock file
    rb"|ruff-pre-commit[\"']?[ \t]*\r?\n[ \t]*(?:#.*\r?\n[ \t]*)?rev:[ \t]*[\"']?v?(\d+)\.(\d+)",
    re.MULTILINE,
)


class _Selection(Struct, frozen=True):
    """What one configuration file selects; SELECT is None when it leaves that to the file it extends."""

    select: tuple[str, ...] | None
    extend: tuple[str, ...]
    ignore: tuple[str, ...]


class _Settings(Struct, frozen=True):
    """One configuration with what it extends: the SELECTIONS from the outermost base on, the patterns of files that
    are not linted, and those with rules of their own."""

    selections: tuple[_Selection, ...] = ()
    excluded: tuple[tuple[str, str], ...] = ()
    file_ignores: tuple[tuple[str, str, tuple[str, ...]], ...] = ()


class Ruff:
    """What ruff reports in the files of a project."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self._of_folder: dict[str, _Settings | None] = {}

    def decides(self, code: str, path: str) -> bool:
        """Whether ruff reports CODE in PATH, or is told not to for this file alone."""
        if code in _ELSEWHERE:
            return False
        settings = self._settings(path.rpartition("/")[0])
        if settings is None:
            return code in _DEFAULT and self._has_new_defaults is True
        if _is_excluded(path, settings.excluded):
            return False
        if any(_covers(codes, code) for folder, glob, codes in settings.file_ignores if _applies(glob, folder, path)):
            return True
        return _selects(settings.selections, code, code in _DEFAULT and self._has_new_defaults is not False)

    def _settings(self, folder: str) -> _Settings | None:
        """What holds in FOLDER: the nearest configuration, which knows nothing of those further up."""
        if folder not in self._of_folder:
            own = next((table for name in _NAMES if (table := self._table(folder, name)) is not None), None)
            if own is not None:
                self._of_folder[folder] = self._resolved(folder, own, depth=0)
            else:
                self._of_folder[folder] = self._settings(folder.rpartition("/")[0]) if folder else None
        return self._of_folder[folder]

    def _table(self, folder: str, name: str) -> dict[str, object] | None:
        """The table of ruff in the file NAME of FOLDER."""
        path = f"{folder}/{name}" if folder else name
        if path not in self._files.known:
            return None
        import tomllib

        try:
            table: object = tomllib.loads(self._files.data(path).decode("utf-8"))
        except (ValueError, RecursionError):
            return None
        found = _at(table, "tool", "ruff") if name == "pyproject.toml" else table
        return found if isinstance(found, dict) else None

    def _resolved(self, folder: str, table: dict[str, object], depth: int) -> _Settings:
        base = self._extended(folder, table, depth)
        excluded = _strings(table.get("exclude")) if "exclude" in table else None
        more = (*(_strings(table.get("extend-exclude"))), *_strings(_at(table, "lint", "exclude")))
        ignores = _either(table, "per-file-ignores")
        return _Settings(
            (*base.selections, _selection(table)),
            (*(base.excluded if excluded is None else ()), *((folder, glob) for glob in (*(excluded or ()), *more))),
            (
                *(base.file_ignores if ignores is None else ()),
                *_file_ignores(folder, ignores),
                *_file_ignores(folder, _either(table, "extend-per-file-ignores")),
            ),
        )

    def _extended(self, folder: str, table: dict[str, object], depth: int) -> _Settings:
        """The configuration that `extend` names; nothing when it is no file of the project."""
        target = table.get("extend")
        if not isinstance(target, str) or depth > 5:
            return _Settings()
        parts = folder.split("/") if folder else []
        for part in target.split("/"):
            if part == ".." and parts:
                parts.pop()
            elif part != ".":
                parts.append(part)
        *above, name = parts
        base = self._table("/".join(above), name)
        return self._resolved("/".join(above), base, depth + 1) if base is not None else _Settings()

    @cached_property
    def _has_new_defaults(self) -> bool | None:
        """Whether the ruff that the project uses selects more than pycodestyle and pyflakes; None: nothing tells."""
        pins: list[tuple[int, int]] = []
        for path in self._files.paths:
            if names_tools(path) and self._files.mentions(path, _PIN):
                for match in _PIN.finditer(self._files.data(path)):
                    major, minor = (int(part) for part in match.groups() if part is not None)
                    pins.append((major, minor))
        return max(pins) >= _DEFAULT_SINCE if pins else None


def _selects(selections: Sequence[_Selection], code: str, is_default: bool) -> bool:
    """The closest prefix decides, `ignore` between equals; a `select` forgets what was selected before it."""
    selected = is_default
    for each in selections:
        wanted = _closest((*(each.select or ()), *each.extend), code)
        unwanted = _closest(each.ignore, code)
        if wanted >= 0 or unwanted >= 0:
            selected = wanted > unwanted
        elif each.select is not None:
            selected = False
    return selected


def _closest(selectors: Iterable[str], code: str) -> int:
    return max((_closeness(selector, code) for selector in selectors), default=-1)


def _closeness(selector: str, code: str) -> int:
    """How exactly SELECTOR means CODE: the length of the prefix, 0 for `ALL`, -1 when it does not. The letters are one
    linter's and no prefix of another's: `D` is not `DTZ`."""
    if selector == "ALL":
        return 0
    same_linter = selector.rstrip("0123456789") == code.rstrip("0123456789")
    return len(selector) if same_linter and code.startswith(selector) else -1


def _covers(selectors: Iterable[str], code: str) -> bool:
    return _closest(selectors, code) >= 0


def _selection(table: dict[str, object]) -> _Selection:
    select = _either(table, "select")
    return _Selection(
        None if select is None else _strings(select),
        _strings(_either(table, "extend-select")),
        (*_strings(_either(table, "ignore")), *_strings(_either(table, "extend-ignore"))),
    )


def _either(table: dict[str, object], key: str) -> object:
    """The value of KEY: under `lint` since ruff 0.2, beside it before."""
    value = _at(table, "lint", key)
    return table.get(key) if value is None else value


def _file_ignores(folder: str, value: object) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    for glob, codes in value.items() if isinstance(value, dict) else ():
        yield folder, glob, _strings(codes)


def _applies(glob: str, folder: str, path: str) -> bool:
    """Whether GLOB of the configuration in FOLDER means PATH: by its name, or by its way from there."""
    if glob.startswith("!"):
        return not _applies(glob[1:], folder, path)
    return matches(glob, path.rpartition("/")[2]) or matches(glob, path.removeprefix(f"{folder}/" if folder else ""))


def _is_excluded(path: str, excluded: Iterable[tuple[str, str]]) -> bool:
    return any(_applies(glob, folder, each) for folder, glob in excluded for each in ancestors(path))


def _at(table: object, *keys: str) -> object:
    for key in keys:
        table = table.get(key) if isinstance(table, dict) else None
    return table


def _strings(value: object) -> tuple[str, ...]:
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()
