"""LINK: the configuration of flake8, and which of its plugins the project uses."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cached_property

from msgspec import Struct

from celery_lint.project.code.files import Files, names_tools
from celery_lint.project.linters.globs import ancestors, matches

# flake8 reads the first of them that has a section for it, of the folder it is started in.
_NAMES = ("setup.cfg", "tox.ini", ".flake8")
# A plugin reports without being selected: flake8 reports all that is installed.
_PLUGINS = {
    "T20": rb"flake8-print(?![\w-])",
    "PIE": rb"flake8-pie(?![\w-])",
    "S": rb"flake8-bandit(?![\w-])|wemake-python-styleguide",
    "B": rb"flake8-bugbear(?![\w-])|wemake-python-styleguide",
    "DTZ": rb"flake8-datetimez(?![\w-])",
}
_CODE = re.compile(r"[A-Z]+[0-9]*")


class _Settings(Struct, frozen=True):
    """The section of flake8 in the configuration of FOLDER; SELECT is empty when it selects what is installed."""

    folder: str
    select: tuple[str, ...]
    ignore: tuple[str, ...]
    exclude: tuple[str, ...]
    file_ignores: tuple[tuple[str, tuple[str, ...]], ...]


class Flake8:
    """What flake8 reports in the files of a project."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self._of_folder: dict[str, _Settings | None] = {}

    def decides(self, code: str, path: str) -> bool:
        """Whether flake8 reports CODE in PATH, or is told not to for this file alone."""
        settings = self._settings(path.rpartition("/")[0])
        if settings is None:
            return self._has_plugin(code)
        if any(_applies(glob, settings.folder, each) for glob in settings.exclude for each in ancestors(path)):
            return False
        if any(_closest(codes, code) for glob, codes in settings.file_ignores if _applies(glob, settings.folder, path)):
            return True
        wanted, unwanted = _closest(settings.select, code), _closest(settings.ignore, code)
        if settings.select:
            # One letter stands in every template; more than that is written by someone who has the plugin.
            return wanted > unwanted and (wanted > 1 or self._has_plugin(code))
        return not unwanted and self._has_plugin(code)

    def _settings(self, folder: str) -> _Settings | None:
        if folder not in self._of_folder:
            found = next((section for name in _NAMES if (section := self._section(folder, name)) is not None), None)
            if found is not None:
                self._of_folder[folder] = _read(folder, found)
            else:
                self._of_folder[folder] = self._settings(folder.rpartition("/")[0]) if folder else None
        return self._of_folder[folder]

    def _section(self, folder: str, name: str) -> Mapping[str, str] | None:
        path = f"{folder}/{name}" if folder else name
        if path not in self._files.known:
            return None
        import configparser

        parser = configparser.ConfigParser(interpolation=None, strict=False)
        try:
            parser.read_string(self._files.data(path).decode("utf-8"))
        except (configparser.Error, ValueError):
            return None
        return parser["flake8"] if parser.has_section("flake8") else None

    def _has_plugin(self, code: str) -> bool:
        return any(code.startswith(start) for start in self._plugins)

    @cached_property
    def _plugins(self) -> frozenset[str]:
        """The codes of the plugins that the project names where it says what to install."""
        return frozenset(
            start
            for start, names in _PLUGINS.items()
            if self._files.anywhere(re.compile(names), lambda path: not names_tools(path))
        )


def _read(folder: str, section: Mapping[str, str]) -> _Settings:
    values = {key.replace("_", "-"): value for key, value in section.items()}

    def words(*keys: str) -> tuple[str, ...]:
        return tuple(word for key in keys for word in _words(values.get(key, "")))

    return _Settings(
        folder,
        words("select", "extend-select", "enable-extensions") if words("select") else (),
        words("ignore", "extend-ignore"),
        words("exclude", "extend-exclude"),
        tuple(_file_ignores(values.get("per-file-ignores", ""))),
    )


def _words(value: str) -> Iterator[str]:
    """The words of a value with commas, spaces or comments between them."""
    for line in value.splitlines():
        yield from line.partition("#")[0].replace(",", " ").split()


def _file_ignores(value: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """`a.py,b/*: T201,E1` one after the other, on lines of their own or not."""
    globs: list[str] = []
    codes: list[str] = []
    for word in " ".join(_words(value)).replace(":", " : ").split():
        if word == ":":
            # What looked like the last code before a colon was a file.
            globs, codes = (globs, codes) if globs and not codes else (codes, [])
        elif _CODE.fullmatch(word):
            codes.append(word)
        else:
            yield from ((glob, tuple(codes)) for glob in globs if codes)
            globs, codes = ([*globs, word] if not codes else [word]), []
    yield from ((glob, tuple(codes)) for glob in globs)


def _applies(glob: str, folder: str, path: str) -> bool:
    return matches(glob, path.rpartition("/")[2]) or matches(
        glob.removeprefix("./"), path.removeprefix(f"{folder}/" if folder else "")
    )


def _closest(selectors: tuple[str, ...], code: str) -> int:
    """The length of the longest of SELECTORS that CODE starts with, 0 for none."""
    return max((len(selector) for selector in selectors if code.startswith(selector)), default=0)
