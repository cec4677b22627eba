"""Whether what celery-lint remembers ever changes what it says.

    python benchmarks/equivalence.py FOLDER…

Each FOLDER is copied and linted there by one process without a cache, then by several, then in each way that a cache
can be used; the JSON must be the same byte for byte. Status 1 when it is not.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from checkout import Checkout, change, copied
from tools import ROOT

# What was written a moment ago is not taken for settled.
_SETTLED = 0.1


def differences(folder: Path, place: Path) -> Iterator[str]:
    """In which ways the project at FOLDER is linted otherwise than without a cache. PLACE is for the copy."""
    checkout = copied(folder.name, folder, place / "checkout")
    cache = place / "cache"
    plain = _lint(checkout)
    if _lint(checkout, jobs=4) != plain:
        yield "four processes"
    for way in ("empty cache", "nothing changed"):
        if _lint(checkout, cache) != plain:
            yield way
    for kind, path in (("without Celery", checkout.plain), ("with Celery", checkout.celery)):
        if path is None:
            continue
        os.utime(checkout.folder / path)
        time.sleep(_SETTLED)
        if _lint(checkout, cache) != plain:
            yield f"{path} ({kind}) touched"
        change(checkout.folder, path, 1)
        time.sleep(_SETTLED)
        plain = _lint(checkout)
        for way in ("changed", "changed, then nothing"):
            if _lint(checkout, cache) != plain:
                yield f"{path} ({kind}) {way}"
    for name in ("output.bin", "answers.bin"):
        (cache / name).unlink(missing_ok=True)
    if _lint(checkout, cache) != plain:
        yield "facts only"


def _lint(checkout: Checkout, cache: Path | None = None, jobs: int | None = None) -> tuple[int, bytes]:
    """Exit status and JSON. Without a CACHE one process reads, unless JOBS says otherwise."""
    how = ["--no-cache", "--jobs", str(jobs or 1)] if cache is None else ["--cache-dir", str(cache)]
    command = [sys.executable, "-m", "celery_lint", "check", "--isolated", "--output-format", "json", *how, "."]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=checkout.folder, env=environment, capture_output=True, check=False)
    if done.returncode not in (0, 1, 3):
        raise SystemExit(done.stderr.decode("utf-8", "replace"))
    return done.returncode, done.stdout


def main() -> int:
    """Compare all folders, and say what came of each."""
    parser = argparse.ArgumentParser(description="Compare what celery-lint says with and without its cache.")
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    differs = False
    for folder in parser.parse_args().folders:
        with tempfile.TemporaryDirectory() as place:
            found = list(differences(folder.resolve(), Path(place)))
        differs |= bool(found)
        sys.stdout.write(f"{folder.name}: {'differs: ' + '; '.join(found) if found else 'identical'}\n")
        sys.stdout.flush()
    return int(differs)


if __name__ == "__main__":
    sys.exit(main())
