"""Which files a run will surely read, told from their text: others can read them before anybody asks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from celery_lint.project.code.files import Files
from celery_lint.project.code.modules import Modules
from celery_lint.project.code.patterns import Pattern

_SURELY_READ = Pattern(rb"celery|shared_task|\.delay\(|apply_async", re.IGNORECASE)
# What makes a function a task, by whatever decorator.
DECLARES = Pattern(rb"^[ \t]*@.*task|shared_task|register_task", re.MULTILINE)
# How many imports away from a task files are read before they are asked for. With three it is but three of five.
_NEAR = 2


def foreseen(files: Files) -> tuple[str, ...]:
    """The Python files that will be asked for: those about Celery, and what those with tasks import. Nineteen of twenty
    bytes are read, and these are four of five of all that are."""
    about = tuple(files.mentioning(_SURELY_READ))
    near = _near(files) if about else ()
    return tuple(dict.fromkeys((*about, *near)))


def _near(files: Files) -> Iterator[str]:
    modules = Modules(files)
    last = seen = set(files.mentioning(DECLARES))
    for _ in range(_NEAR):
        last = _imported(files, modules, last) - seen
        seen = seen | last
    return iter(sorted(seen))


def _imported(files: Files, modules: Modules, paths: Iterable[str]) -> set[str]:
    found = {modules.guess(path, name) for path in paths for name in files.imports(path).anywhere}
    return {path for path in found if path is not None}
