"""Whether `--fix --unsafe-fixes` keeps its promises on whole projects, with all rules.

    python -m tests.fix.real_projects [--select CODES] [--record] FOLDER…

Each FOLDER is copied and fixed there. What every fix promises (`tests/fix/promises.py`) is checked, that the files on
disk are what was planned and all others as they were, and that a second run changes nothing. Status 1 when a promise is
broken. With --record the sums go into `tests/figures.json`.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from celery_lint.cache.facts import FactStore
from celery_lint.configfile import Place
from celery_lint.discover import discover
from celery_lint.fix.engine import carry_out
from celery_lint.run import run
from celery_lint.settings import Configuration, load, override
from tests.figures import record
from tests.fix.promises import Fixing, broken, fixing


@dataclass(slots=True)
class Sum:
    """What came of one project."""

    files: int = 0
    changed: int = 0
    fixed: Counter[str] = field(default_factory=Counter)
    refused: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def tried(folder: Path, select: str, keep: Path | None = None) -> Sum:
    """Fix a copy of FOLDER by the rules SELECT. KEEP: where to leave what changed."""
    with tempfile.TemporaryDirectory() as place:
        root = _copied(folder, Path(place).resolve() / folder.name)
        configuration = override(load(Place(root, None)), {"select": tuple(select.split(","))})
        before = _digests(root)
        store = FactStore()
        done = fixing(configuration, store=store)
        total = Sum(len(before), len(done.plan.after), Counter(each.code for each in done.plan.fixed))
        total.refused += [each.reason for each in done.plan.refused]
        total.problems += broken(done)
        total.problems += _written(root, done, configuration, store, before)
        total.problems += _again(configuration)
        if keep is not None:
            _keep(done, keep / folder.name)
    return total


def _copied(folder: Path, target: Path) -> Path:
    for path in (
        *discover(folder).paths,
        *(each.relative_to(folder).as_posix() for each in folder.rglob(".gitignore")),
    ):
        copy = target / path
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(folder / path, copy)
    # Where a repository starts is where a project does.
    subprocess.run(["git", "init", "--quiet"], cwd=target, check=True)
    return target


def _written(
    root: Path, done: Fixing, configuration: Configuration, store: FactStore, before: dict[str, str]
) -> Iterator[str]:
    """Write the plan, and look at all files."""
    report = carry_out(root, done.plan, lambda overlay: run(configuration, overlay, store=store).report.findings)
    yield from (each.reason for each in report.refused if each not in done.plan.refused)
    after = _digests(root)
    if before.keys() != after.keys():
        yield f"files came or went: {sorted(before.keys() ^ after.keys())}"
    for path, digest in after.items():
        wanted = done.plan.after.get(path)
        if digest != (before.get(path) if wanted is None else hashlib.sha256(wanted).hexdigest()):
            yield f"{path}: is not what was planned"


def _again(configuration: Configuration) -> Iterator[str]:
    for path in fixing(configuration).plan.after:
        yield f"{path}: is changed by a second run"


def _digests(root: Path) -> dict[str, str]:
    """What each file below ROOT holds."""
    found = {}
    for folder, folders, names in os.walk(root):
        if ".git" in folders:
            folders.remove(".git")
        for name in names:
            path = Path(folder, name)
            if path.is_file() and not path.is_symlink():
                found[path.relative_to(root).as_posix()] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def _keep(done: Fixing, folder: Path) -> None:
    """Leave the changed files in FOLDER, before and after."""
    shutil.rmtree(folder, ignore_errors=True)
    for name, files in (("before", done.plan.before), ("after", done.plan.after)):
        for path, data in files.items():
            target = folder / name / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)


def _said(name: str, total: Sum, seconds: float) -> str:
    first = (
        f"{name}: {total.files} files, {total.changed} changed, {total.fixed.total()} findings fixed, "
        f"{len(total.refused)} refused, {len(total.problems)} problems, {seconds:.0f} s"
    )
    codes = ", ".join(f"{code} {count}" for code, count in sorted(total.fixed.items()))
    return "\n  ".join([first, f"fixed: {codes}", *total.refused, *total.problems]) + "\n"


def main() -> int:
    """Try all folders, and say what came of each."""
    parser = argparse.ArgumentParser(description="Fix copies of whole projects, and look whether all is well.")
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    parser.add_argument("--select", default="CEL", help="The rules, as in the configuration.")
    parser.add_argument("--record", action="store_true", help="Write the sums into tests/figures.json.")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="Leave the changed files here, before and after.")
    options = parser.parse_args()
    sums = []
    for folder in options.folders:
        started = time.monotonic()
        total = tried(folder.resolve(), options.select, options.keep)
        sums.append(total)
        sys.stdout.write(_said(folder.name, total, time.monotonic() - started))
        sys.stdout.flush()
        if options.record:
            record(
                {
                    "real projects fixed": len(sums),
                    "files of real projects fixed": sum(each.changed for each in sums),
                    "findings of real projects fixed": sum(each.fixed.total() for each in sums),
                    "promises that a fix of a real project broke": sum(len(each.problems) for each in sums),
                }
            )
    return int(any(each.problems for each in sums))


if __name__ == "__main__":
    sys.exit(main())
