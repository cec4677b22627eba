"""LINK: what other linters already say about the same code, so that it is not said twice."""

from __future__ import annotations

from functools import cached_property

from celery_lint.project.code.files import Files
from celery_lint.project.linters.flake8 import Flake8
from celery_lint.project.linters.ruff import Ruff


class Twins:
    """The codes that ruff and flake8 are configured to report in the files of this project."""

    def __init__(self, files: Files) -> None:
        self._files = files

    def selected(self, code: str, path: str) -> bool:
        """Whether another linter decides about CODE (`T201`) in PATH: it reports it there, or it is told not to for
        this very file, which is a `noqa` for all of it."""
        return self._ruff.decides(code, path) or self._flake8.decides(code, path)

    @cached_property
    def _ruff(self) -> Ruff:
        return Ruff(self._files)

    @cached_property
    def _flake8(self) -> Flake8:
        return Flake8(self._files)
