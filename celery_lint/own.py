"""Rules that are not ours: of installed packages (entry points), and of the project itself (`rules-path`).

A package was installed by whoever runs celery-lint, and may run. The project is somebody else's: its rules are code,
and run only for those who say so with `--own-rules`.
"""

from __future__ import annotations

import importlib
import os
import pkgutil
import re
import sys
from _blake2 import blake2b
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from celery_lint.crash import Crash, attempt
from celery_lint.errors import UserError
from celery_lint.regular import read_regular
from celery_lint.rule import Rule
from celery_lint.settings import Configuration

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "celery_lint.rules"
# Where what is installed says what it offers.
_METADATA = (".dist-info", ".egg-info", "EGG-INFO")
_CODE, _OURS = re.compile(r"(?!CEL)[A-Z]{3}\d{3}"), re.compile(r"CEL\d{3}")
_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)+")
# What lies beside rules and holds none.
_TESTS = re.compile(r"(?:test_.*|.*_test|conftest|__init__|__main__)\.py")


def rules_of_packages() -> tuple[Rule, ...]:
    """The rules of installed packages: an entry point of the group `celery_lint.rules` names a module or a package of
    rules. Raises UserError when one cannot be loaded."""
    return _installed(tuple(sys.path))


@lru_cache(maxsize=1)
def _installed(path: tuple[str, ...]) -> tuple[Rule, ...]:
    """The rules of the packages on PATH. Looking at all packages takes longer than linting a small project: the tests
    of rules would do little else."""
    if not any(map(_may_declare_rules, path)):
        return ()
    # It loads the parsers of e-mail and of archives: a twentieth of a run, nearly always for nothing.
    from importlib.metadata import entry_points

    return tuple(rule for entry in entry_points(group=GROUP) for rule in _rules_at(entry))


def _may_declare_rules(place: str) -> bool:
    """Whether a package that is installed at PLACE, an entry of `sys.path`, names our group; one in an archive may."""
    try:
        with os.scandir(place or ".") as entries:
            folders = [entry.path for entry in entries if entry.name.endswith(_METADATA)]
    except NotADirectoryError:
        return True
    except OSError:
        return False
    return any(GROUP.encode() in _said_by(f"{folder}/entry_points.txt") for folder in folders)


def _said_by(file: str) -> bytes:
    try:
        return read_regular(file)
    except OSError:
        return b""


def rules_of_project(configuration: Configuration) -> tuple[Rule, ...]:
    """The rules of the project itself, as far as they may run. Raises UserError when one of them cannot be loaded, or
    there is none."""
    folder = configuration.own_rules
    if folder is None:
        return ()
    found = rules_in(folder)
    if not found:
        raise UserError(f"there is no rule in {folder}: a rule is a function with the decorator `rule`")
    return found


def rules_in(folder: Path) -> tuple[Rule, ...]:
    """All rules in the Python files at and below FOLDER, but for tests. The files are imported, as modules of one
    package, so that `from .helpers import …` works. Raises UserError for a file that cannot be."""
    package = _package(folder)
    names = (_module_of(file, folder) for file in rule_files(folder))
    return tuple(rule for name in names for rule in _declared(_imported(f"{package}.{name}", folder)))


def rule_files(folder: Path) -> list[Path]:
    """The Python files at and below FOLDER that may hold rules, sorted."""
    return sorted(file for file in folder.rglob("*.py") if not _TESTS.fullmatch(file.name))


def checked(ours: Sequence[Rule], own: Iterable[Rule]) -> tuple[Rule, ...]:
    """OURS and OWN rules together. Raises UserError for one of OWN that cannot be told from others: its code or name is
    taken, or does not look like one."""
    taken = {word: rule for rule in ours for word in rule.words}
    rules = list(ours)
    for rule in own:
        _refuse_malformed(rule)
        for word in rule.words:
            if word in taken and file_of(taken[word]) != file_of(rule):
                raise UserError(f"{file_of(rule)}: {word} is taken already, by {file_of(taken[word])}")
        if rule.code not in taken:
            rules.append(rule)
        taken |= dict.fromkeys(rule.words, rule)
    return tuple(rules)


def file_of(rule: Rule) -> Path:
    """The file that RULE is written in."""
    return Path(sys.modules[rule.check.__module__].__file__ or "")


def is_code(word: str, *, ours: bool = False) -> bool:
    """Whether WORD may be the code of a rule: one that is not ours, or OURS."""
    return (_OURS if ours else _CODE).fullmatch(word) is not None


def is_name(word: str) -> bool:
    """Whether WORD may be the name of a rule."""
    return _NAME.fullmatch(word) is not None


def _refuse_malformed(rule: Rule) -> None:
    if not is_code(rule.code):
        raise UserError(f"{file_of(rule)}: {rule.code!r} is no code: three capitals (not CEL) and three digits")
    if not is_name(rule.name):
        raise UserError(f"{file_of(rule)}: {rule.name!r} is no name: two or more words, joined by -")
    for word in rule.former:
        if not (is_code(word) or is_name(word)):
            raise UserError(f"{file_of(rule)}: {rule.code}: {word!r} can be neither a code nor a name that it had")
    if isinstance(subject := attempt(rule.subject), Crash):
        raise UserError(f"{file_of(rule)}: {rule.code}: what the rule is asked about is unclear: {subject.summary}")


def _rules_at(entry: EntryPoint) -> Iterator[Rule]:
    loaded = attempt(entry.load)
    if isinstance(loaded, Crash):
        package = entry.dist.name if entry.dist is not None else entry.value
        raise UserError(f"the rules of the package {package} cannot be loaded: {loaded.summary}")
    if isinstance(loaded, Rule):
        yield loaded
    elif isinstance(loaded, ModuleType):
        yield from rules_in_package(loaded)
    else:
        raise UserError(f"the entry point {entry.name} = {entry.value} is neither a module nor a rule")


def rules_in_package(package: ModuleType) -> Iterator[Rule]:
    """The rules that PACKAGE declares, and those of the modules in it, but for tests."""
    yield from _declared(package)
    for module in pkgutil.walk_packages(getattr(package, "__path__", ()), package.__name__ + "."):
        if not _TESTS.fullmatch(module.name.rpartition(".")[2] + ".py"):
            yield from _declared(_imported(module.name, None))


def _declared(module: ModuleType) -> Iterator[Rule]:
    for value in vars(module).values():
        if isinstance(value, Rule) and value.check.__module__ == module.__name__:
            yield value


def _imported(name: str, folder: Path | None) -> ModuleType:
    """The module NAME. No compiled file is left beside the sources of a project's FOLDER."""
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, sys.dont_write_bytecode or folder is not None
    try:
        module = attempt(lambda: _import(name))
    finally:
        sys.dont_write_bytecode = before
    if isinstance(module, Crash):
        where = name if folder is None else folder.name + "/" + "/".join(name.split(".")[2:]) + ".py"
        raise UserError(f"{where} cannot be loaded: {module.summary}")
    return module


def _import(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except SystemExit:
        raise ImportError("it exits") from None


def _package(folder: Path) -> str:
    """The name of a package made of FOLDER. It is another one when a file has changed: a process that lives long (an
    editor's) sees what is there now."""
    stamp = blake2b(str(folder).encode("utf-8", "surrogateescape"), digest_size=8)
    for file in sorted(folder.rglob("*.py")):
        stamp.update(f"\0{file}\0".encode("utf-8", "surrogateescape") + file.read_bytes())
    outer = f"_celery_lint_{stamp.hexdigest()}"
    name = f"{outer}.own"
    for each, path in ((outer, []), (name, [str(folder)])):
        if each not in sys.modules:
            sys.modules[each] = ModuleType(each)
            sys.modules[each].__path__ = path
    return name


def _module_of(file: Path, folder: Path) -> str:
    return ".".join(file.relative_to(folder).with_suffix("").parts)
