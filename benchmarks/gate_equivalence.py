"""Whether files that a run does not open could have told it something.

    python benchmarks/gate_equivalence.py FOLDER…

What asks all files for something (`for path in files.mentioning(…):`) is given those only whose bytes hold a pattern.
Here each FOLDER is linted as it is, and again so that every file is given, held the pattern or not; both must find the
same. This opens everything: minutes for a thousand files. Status 1 when something differs.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tools import ROOT

# Only loops are given more: whether *any* file holds a pattern is a question of its own. Three loops ask one as well:
# what is about Celery shows from where modules are imported, what is about the web who shares an engine, and what adds
# consumers that queues cannot all be seen.
_WIDE = """
import linecache, sys
from celery_lint.project.code.files import Files

mentioning = Files.mentioning
questions = ("_learn_roots", "web_user", "_queues_open")

def wide(self, pattern, among=None):
    caller = sys._getframe(1)
    line = linecache.getline(caller.f_code.co_filename, caller.f_lineno).strip()
    is_loop = line.startswith("for ") and line.endswith(":")
    if not is_loop or caller.f_code.co_name in questions:
        return mentioning(self, pattern, among)
    return iter(self.code_paths if among is None else among)

Files.mentioning = wide
"""
_RUN = "from celery_lint.cli import main\nmain()"
_MOST = 5


def differences(folder: Path) -> Iterator[str]:
    """What is found in FOLDER only by one of the two, in words."""
    narrow, wide = _findings(folder, _RUN), _findings(folder, _WIDE + _RUN)
    yield from (f"only without opening it: {each}" for each in narrow if each not in wide)
    yield from (f"only in all files: {each}" for each in wide if each not in narrow)


def _findings(folder: Path, program: str) -> list[str]:
    options = ["check", "--isolated", "--no-cache", "--jobs", "1", "--output-format", "json", "."]
    done = subprocess.run(
        [sys.executable, "-c", program, *options],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        check=False,
    )
    if done.returncode not in (0, 1):
        raise SystemExit(done.stderr.decode("utf-8", "replace"))
    found = json.loads(done.stdout)["findings"]
    return [json.dumps(each, sort_keys=True) for each in found]


def main() -> int:
    """Compare all folders, and say what came of each."""
    parser = argparse.ArgumentParser(description="Compare what is found with and without opening every file.")
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    differs = False
    for folder in parser.parse_args().folders:
        found = list(differences(folder.resolve()))
        differs |= bool(found)
        sys.stdout.write(f"{folder.name}: {'differs' if found else 'identical'}\n")
        sys.stdout.writelines(f"  {line[:300]}\n" for line in found[:_MOST])
        sys.stdout.flush()
    return int(differs)


if __name__ == "__main__":
    sys.exit(main())
