"""Whether an application may have a setting that was not seen: absence is only claimed where it is sure."""

from __future__ import annotations

import re

from celery_lint.celery_versions import table
from celery_lint.project.code.files import Files
from celery_lint.project.code.patterns import Sought
from celery_lint.project.code.values import Evaluator, Known
from celery_lint.project.model import App

_PROSE = (".md", ".rst", ".txt", ".lock", ".svg", ".html", ".css", ".js", ".ts", ".tsx", ".map", ".po", ".csv")


class Unseen:
    """Answers what the settings of applications may be beside what was read of them."""

    def __init__(self, files: Files, evaluator: Evaluator) -> None:
        self._files = files
        self._evaluator = evaluator
        self._mentioned: dict[tuple[str, ...], bool] = {}

    def may_set(self, app: App, *names: str) -> bool:
        """Whether APP may have one of these settings (new-style names): false only when it surely has none.

        Where its settings cannot all be followed, a setting whose name stands in no file of the project, in any
        spelling, is not set by the project.
        """
        if any(self._is_set(app, name) for name in names):
            return True
        return app.settings.outside or (app.settings.open is not None and self._is_mentioned(names))

    def _is_set(self, app: App, name: str) -> bool:
        setting = app.settings.get(name)
        return setting is not None and self._evaluator.scalar(setting.value) != Known(None)

    def _is_mentioned(self, names: tuple[str, ...]) -> bool:
        if names not in self._mentioned:
            old = [key for key, new in table().old_settings.items() if new in names]
            self._mentioned[names] = mentions("|".join(map(re.escape, (*names, *old))), self._files)
        return self._mentioned[names]


def mentions(words: str, files: Files) -> bool:
    """Whether any of FILES that is no test and no prose holds WORDS (a pattern), in any case and with any prefix."""
    pattern = re.compile(rf"(?<![a-z0-9])(?:{words})(?![a-z0-9_])".encode(), re.IGNORECASE)
    return written_in(files, pattern) is not None


def written_in(files: Files, pattern: Sought) -> str | None:
    """The first of FILES that is no test and no prose and holds PATTERN."""
    return files.anywhere(pattern, lambda path: path.endswith(_PROSE))
