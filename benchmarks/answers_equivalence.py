"""Whether a file that answers alike ever changes what a run says.

    python benchmarks/answers_equivalence.py FOLDER... [--tries N] [--seed N]

Some lines of any file of the project at FOLDER are put into another one of which a run did not need to know more than
a few answers. Where it answers as before, a whole run over the changed project must give the same JSON, byte for byte.
Status 1 when one does not. The checkouts stay as they are.
"""

from __future__ import annotations

import argparse
import gc
import random
import sys
import tempfile
from pathlib import Path

from checkout import copied

from celery_lint.cache.answers import Answers, together
from celery_lint.cache.facts import FactStore, encoded
from celery_lint.cache.stamp import digest
from celery_lint.configfile import locate
from celery_lint.project.code.imports import imported_names
from celery_lint.report.json import json
from celery_lint.run import run
from celery_lint.settings import Configuration, load


def differences(folder: Path, tries: int, chance: random.Random) -> tuple[int, int, list[str]]:
    """How many changes were tried in FOLDER, how many of them answered alike, and which of those said otherwise."""
    configuration = load(locate(folder, config=None, isolated=True))
    store = FactStore()
    before, answers, paths = _run(configuration, store, {})
    python = {path: (folder / path).read_bytes() for path in paths if path.endswith(".py")}
    unread = sorted(path for path in python if path not in answers.read)
    alike, different = 0, []
    for _ in range(tries if unread else 0):
        path = chance.choice(unread)
        data = _mixed(python[path], python[chance.choice(sorted(python))], chance)
        if not answers.stay(path, data, _imports):
            continue
        alike += 1
        if _run(configuration, store, {path: data})[0] != before:
            different.append(f"{path}: {data!r}")
    return tries if unread else 0, alike, different


def _run(configuration: Configuration, store: FactStore, overlay: dict[str, bytes]) -> tuple[bytes, Answers, list[str]]:
    done = run(configuration, overlay, store=store)
    said = json(done.report)
    return said, together(project.files.answers() for project in done.projects), list(done.paths)


def _imports(data: bytes) -> bytes:
    return digest(encoded(imported_names(data)))


def _mixed(data: bytes, donor: bytes, chance: random.Random) -> bytes:
    """DATA with some lines of DONOR in it, or with some lines less."""
    lines, others = data.splitlines(keepends=True), donor.splitlines(keepends=True)
    at = chance.randint(0, len(lines))
    if not others or chance.random() < 0.2:
        return b"".join(lines[:at] + lines[at + chance.randint(1, 5) :])
    start = chance.randrange(len(others))
    return b"".join(lines[:at] + others[start : start + chance.randint(1, 4)] + lines[at:])


def main(arguments: list[str]) -> int:
    """Try changes in all folders, and say what came of each."""
    parser = argparse.ArgumentParser(description="Change files that answer alike, and compare what runs say.")
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    parser.add_argument("--tries", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args(arguments)
    differs = False
    for folder in given.folders:
        with tempfile.TemporaryDirectory() as place:
            checkout = copied(folder.name, folder.resolve(), Path(place) / "checkout")
            tried, alike, different = differences(checkout.folder, given.tries, random.Random(given.seed))
        differs |= bool(different)
        sys.stdout.write(f"{folder.name}: {tried} changes, {alike} answered alike, {len(different)} said otherwise\n")
        sys.stdout.writelines(f"  {each}\n" for each in different)
        sys.stdout.flush()
    return int(differs)


if __name__ == "__main__":
    gc.disable()
    sys.exit(main(sys.argv[1:]))
