"""A picture whose text is fit to be shown: nothing in it can command a terminal or hide from the reader."""

from __future__ import annotations

import msgspec

from celery_lint.report.text import escape
from celery_lint.views.model import Picture


def readable(picture: Picture) -> Picture:
    """PICTURE with all that is not shown as itself (control characters, direction marks) written as `\\x1b`."""
    return msgspec.convert(_escaped(msgspec.to_builtins(picture)), Picture)


def _escaped(data: object) -> object:
    if isinstance(data, str):
        return escape(data)
    if isinstance(data, list | tuple):
        return [_escaped(each) for each in data]
    if isinstance(data, dict):
        return {key: _escaped(value) for key, value in data.items()}
    return data
