"""Where the configuration of a project is, and what its file says, with line numbers."""

from __future__ import annotations

import re
from pathlib import Path

from msgspec import Struct

from celery_lint.errors import ConfigurationError
from celery_lint.gitroot import find_git_root
from celery_lint.regular import read_regular

OWN_FILE = "celery-lint.toml"
PYPROJECT = "pyproject.toml"
_SECTION = "tool.celery-lint"


class Place(Struct, frozen=True):
    """The root of a project, and the file that configures it."""

    root: Path
    file: Path | None


class Table(Struct, frozen=True):
    """What a configuration file says: VALUES by key, and where each key is written (`pyproject.toml:12`)."""

    values: dict[str, object]
    origins: dict[str, str]
    name: str


def locate(target: Path, *, config: Path | None = None, isolated: bool = False) -> Place:
    """The project that TARGET (a file or folder) belongs to.

    Its root is the folder of the nearest configuration at or above TARGET, not above the git repository; without one
    the root of the repository; without that TARGET itself, or the folder of a file. CONFIG is a file to use instead;
    ISOLATED looks for none. The working directory plays no part.
    """
    start = (target if target.is_dir() else target.parent).resolve()
    top = find_git_root(start)
    if config is not None:
        folder = config.resolve().parent
        return Place(folder if start.is_relative_to(folder) else top or start, config)
    if isolated:
        return Place(top or start, None)
    for folder in (start, *start.parents):
        if file := _configuration_in(folder, top or folder):
            return Place(folder, file)
        if folder == top:
            break
    return Place(top or start, None)


def read_table(file: Path, root: Path) -> Table:
    """The configuration in FILE. Raises ConfigurationError when it cannot be read or holds none."""
    name = file.relative_to(root).as_posix() if file.is_relative_to(root) else str(file)
    text = _read(file)
    if file.name != PYPROJECT:
        return _table(_parse(text, file), text, "", name)
    values = _own_section(_parse(text, file), name)
    if values is None:
        raise ConfigurationError(f"{name}: there is no [{_SECTION}] section")
    return _table(values, text, _SECTION, name)


def _configuration_in(folder: Path, top: Path) -> Path | None:
    """The file in FOLDER that configures; TOP is the folder that nothing in the project may lead out of."""
    own, pyproject = folder / OWN_FILE, folder / PYPROJECT
    for file in (own, pyproject):
        if file.is_file() and not file.resolve().is_relative_to(top):
            raise ConfigurationError(f"{file} is a link to outside of the project: name it with --config to use it")
    has_section = pyproject.is_file() and _has_section(pyproject)
    if own.is_file() and has_section:
        raise ConfigurationError(f"{own} and the [{_SECTION}] section of {pyproject} both configure it: keep one")
    if own.is_file():
        return own
    return pyproject if has_section else None


def _has_section(pyproject: Path) -> bool:
    text = _read(pyproject)
    # Most have none, and loading the parser takes longer than all else before the files are looked at.
    return "celery-lint" in text and _own_section(_parse(text, pyproject), str(pyproject)) is not None


def _read(file: Path) -> str:
    try:
        return read_regular(file).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ConfigurationError(f"{file}: is not UTF-8") from None
    except OSError as error:
        raise ConfigurationError(f"{file}: {error.strerror or error}") from None


def _parse(text: str, file: Path) -> dict[str, object]:
    import tomllib

    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{file}: {error}") from None
    except RecursionError:
        raise ConfigurationError(f"{file}: is nested too deeply") from None


def _own_section(values: dict[str, object], name: str) -> dict[str, object] | None:
    tool = values.get("tool")
    section = tool.get("celery-lint") if isinstance(tool, dict) else None
    if section is not None and not isinstance(section, dict):
        raise ConfigurationError(f"{name}: `{_SECTION}` must be a table")
    return section


def _table(values: dict[str, object], text: str, section: str, name: str) -> Table:
    lines = _key_lines(text, section)
    return Table(values, {key: f"{name}:{lines[key]}" if key in lines else name for key in values}, name)


def _key_lines(text: str, section: str) -> dict[str, int]:
    """The lines on which the keys of SECTION first occur: `key =`, `key.x =`, `[section.key]`, `[[section.key]]`."""
    found: dict[str, int] = {}
    current = ""
    for number, line in enumerate(text.splitlines(), start=1):
        if header := re.match(r"\s*\[\[?\s*([^\[\]]+?)\s*\]", line):
            current = re.sub(r"[\"'\s]", "", header[1])
            key = _first_key(current, section)
        else:
            assignment = re.match(r"\s*([\w.\"'-]+)\s*=", line)
            key = _first_key(f"{current}.{assignment[1]}" if assignment else "", section)
        if key:
            found.setdefault(key, number)
    return found


def _first_key(dotted: str, section: str) -> str | None:
    """The key below SECTION that DOTTED starts with; None when DOTTED is elsewhere."""
    dotted = dotted.strip(".")
    if section and not dotted.startswith(section + "."):
        return None
    below = dotted.removeprefix(section).strip(".")
    return below.partition(".")[0].strip("\"'") or None
