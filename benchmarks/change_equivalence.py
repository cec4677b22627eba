"""Whether what is remembered of unchanged files ever changes what a run after a change says.

    python benchmarks/change_equivalence.py FOLDER... [--tries N] [--seed N]

The project at FOLDER is copied and linted, then changed again and again: lines of one file in another, files that are
gone, new, renamed, or only touched. After each change a run that opens only what has changed must
give the same JSON, byte for byte, as one that opens everything. Status 1 when one does not.
"""

from __future__ import annotations

import argparse
import gc
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from checkout import copied

from celery_lint.cache.facts import FactStore
from celery_lint.cache.fixes import FixStore
from celery_lint.cache.folder import Folder
from celery_lint.configfile import locate
from celery_lint.errors import UserError
from celery_lint.report.json import json
from celery_lint.run import Run, run
from celery_lint.settings import Configuration, load


class Tried:
    """A copy at ROOT that is changed by CHANCE. CACHE is the folder of what is remembered."""

    def __init__(self, root: Path, cache: Path, chance: random.Random) -> None:
        self.root = root
        self.chance = chance
        self._cache = Folder(str(cache), b"secret")
        self._plain = FactStore()
        # Times that are long past, and each its own.
        self._now = time.time_ns() - 10**15

    def said(self) -> tuple[bytes, bytes]:
        """What a run says that remembers, and what one says that does not."""
        configuration = load(locate(self.root, config=None, isolated=True))
        store = FactStore(self._cache, b"stamp", str(self.root))
        remembering, done = _run(configuration, store)
        store.save()
        if done is not None:
            store.seen.save(lambda: [project.files.learned() for project in done.projects])
        self._plain.fixes = FixStore(None, b"")
        return remembering, _run(configuration, self._plain)[0]

    def change(self) -> str:
        """Change something; what."""
        files = sorted(path for path in self.root.rglob("*") if path.is_file() and ".git" not in path.parts)
        celery = [path for path in files if path.suffix == ".py" and b"celery" in path.read_bytes()]
        path = self.chance.choice(celery if celery and self.chance.random() < 0.5 else files)
        other = self.chance.choice(files)
        way: Callable[[Path, Path], None] = self.chance.choice(
            [self._mix, self._mix, self._mix, self._remove, self._copy, self._rename, self._touch, self._swap]
        )
        way(path, other)
        return f"{way.__name__[1:]} {path.relative_to(self.root)} {other.relative_to(self.root)}"

    def _mix(self, path: Path, other: Path) -> None:
        lines, others = path.read_bytes().splitlines(keepends=True), other.read_bytes().splitlines(keepends=True)
        at = self.chance.randint(0, len(lines))
        start = self.chance.randint(0, len(others))
        middle = others[start : start + self.chance.randint(1, 6)]
        self._write(path, b"".join(lines[:at] + middle + lines[at + self.chance.randint(0, 2) :]))

    def _remove(self, path: Path, other: Path) -> None:
        path.unlink()

    def _copy(self, path: Path, other: Path) -> None:
        self._write(other.with_name(f"a_{self.chance.randrange(100)}{path.suffix}"), path.read_bytes())

    def _rename(self, path: Path, other: Path) -> None:
        # The time, the size and the inode go with it.
        path.rename(other.with_name(f"b_{self.chance.randrange(100)}{path.suffix}"))

    def _touch(self, path: Path, other: Path) -> None:
        self._write(path, path.read_bytes())

    def _swap(self, path: Path, other: Path) -> None:
        one, another = path.read_bytes(), other.read_bytes()
        self._write(path, another)
        self._write(other, one)

    def _write(self, path: Path, data: bytes) -> None:
        path.write_bytes(data)
        self._now += 10**9 + 1
        os.utime(path, ns=(self._now, self._now))


def _run(configuration: Configuration, store: FactStore) -> tuple[bytes, Run | None]:
    try:
        done = run(configuration, store=store)
    except UserError as error:
        return str(error).encode(), None
    return json(done.report), done


def differences(folder: Path, place: Path, tries: int, chance: random.Random) -> Mapping[int, str]:
    """The changes of the project at FOLDER after which runs differ, by number. PLACE is for the copy."""
    checkout = copied(folder.name, folder.resolve(), place / "checkout")
    tried = Tried(checkout.folder.resolve(), place / "cache", chance)
    different: dict[int, str] = {}
    tried.said()
    for number in range(tries):
        what = tried.change()
        one, other = tried.said()
        if one != other:
            different[number] = what
    return different


def main(arguments: list[str]) -> int:
    """Try changes in all folders, and say what came of each."""
    parser = argparse.ArgumentParser(description="Change files, and compare what runs say.")
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    parser.add_argument("--tries", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args(arguments)
    differs = False
    for folder in given.folders:
        with tempfile.TemporaryDirectory() as place:
            different = differences(folder, Path(place).resolve(), given.tries, random.Random(given.seed))
        differs |= bool(different)
        sys.stdout.write(f"{folder.name}: {given.tries} changes, {len(different)} said otherwise\n")
        sys.stdout.writelines(f"  {number}: {what}\n" for number, what in different.items())
        sys.stdout.flush()
    return int(differs)


if __name__ == "__main__":
    gc.disable()
    sys.exit(main(sys.argv[1:]))
