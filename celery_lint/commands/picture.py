"""The picture of what was understood of a project, and where it leads to."""

from __future__ import annotations

import os
from pathlib import Path

from celery_lint.run import Run
from celery_lint.settings import Configuration
from celery_lint.views.model import Picture


def drawn(configuration: Configuration, done: Run) -> Picture:
    """What DONE understood of the project that CONFIGURATION is for."""
    from celery_lint.views.drawing import declared_in, draw  # most runs draw nothing

    return draw(configuration.root.name, done.projects, done.report.findings, declared_in(configuration))


def way_from(output: Path | None, root: Path) -> str:
    """The way from the file OUTPUT (from the working directory without one) to ROOT, to put before paths."""
    way = os.path.relpath(root, output.resolve().parent if output is not None else None)
    return "" if way == "." else f"{Path(way).as_posix()}/"
