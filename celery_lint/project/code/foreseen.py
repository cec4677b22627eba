"""Which files a run will surely read, told from their text: others can read them before anybody asks."""

from __future__ import annotations

import re
from collections.abc import Iterator

from celery_lint.project.code.files import Files
from celery_lint.project.code.modules import Modules

_SURELY_READ = re.compile(rb"celery|shared_task|\.delay\(|apply_async", re.IGNORECASE)
# What makes a function a task, by whatever decorator.
DECLARES = re.compile(rb"^[ \t]*@.*task|shared_task|register_task", re.MULTILINE)
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
        imported = {modules.guess(path, name) for path in last for name in files.imports(path).anywhere}
        last = {path for path in imported if path is not None} - seen
        seen = seen | last
    return iter(sorted(seen))
