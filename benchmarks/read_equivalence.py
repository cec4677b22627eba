"""Read every Python file under some folders twice, with and without the short cuts, and compare the facts.

    python benchmarks/read_equivalence.py FOLDER...

The plain way takes the tree from LibCST's parser, and all spans from its code generator. Exit status 1 when any file
differs.
"""

from __future__ import annotations

import gc
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec

from celery_lint.facts.model import PythonFacts
from celery_lint.facts.python.cpython import TooDeepError
from celery_lint.facts.python.nesting import shallow_tree
from celery_lint.facts.python.reader import read
from celery_lint.facts.python.tree import made_tree


def main(folders: list[str]) -> int:
    """Compare under FOLDERS; the exit status."""
    files, different, plain, lines, seconds = 0, 0, 0, 0, [0.0, 0.0]
    for path in _python_files(folders):
        data = path.read_bytes()
        files, lines = files + 1, lines + data.count(b"\n")
        facts = []
        for way in (0, 1) if files % 2 else (1, 0):
            begun = time.process_time()
            read_facts = read(str(path), data, generated=bool(way))
            seconds[way] += time.process_time() - begun
            facts.append(read_facts)
        if facts[0] != facts[1] or _written(facts[0]) != _written(facts[1]):
            different += 1
            print(f"different: {path}")
        if read_facts.error is None and _is_plain(data):
            plain += 1
            print(f"parsed by LibCST: {path}")
    print(
        f"{files} files, {lines} lines: {different} different, {plain} parsed by LibCST; "
        f"{seconds[0]:.1f} s of CPU, the plain way {seconds[1]:.1f} s"
    )
    return 1 if different else 0


def _written(facts: PythonFacts) -> bytes:
    """FACTS byte for byte, where `==` takes 1, 1.0 and True for the same."""
    try:
        return msgspec.msgpack.encode(facts)
    except (UnicodeEncodeError, OverflowError):
        return repr(facts).encode(errors="backslashreplace")


def _is_plain(data: bytes) -> bool:
    """Whether LibCST's parser had to read the file DATA."""
    try:
        tree = shallow_tree(data)
    except TooDeepError:
        return False
    return tree is None or made_tree(tree, data) is None


def _python_files(folders: list[str]) -> Iterator[Path]:
    for folder in folders:
        for root, inner, names in os.walk(folder):
            inner.sort()
            found = (Path(root, name) for name in sorted(names) if name.endswith(".py"))
            yield from (path for path in found if path.is_file())


if __name__ == "__main__":
    gc.disable()
    sys.exit(main(sys.argv[1:]))
