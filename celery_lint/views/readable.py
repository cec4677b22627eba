"""A picture whose text is fit to be shown: nothing in it can command a terminal or hide from the reader."""

from __future__ import annotations

import msgspec

from celery_lint.report.text import escape
from celery_lint.views.model import Picture


def readable(picture: Picture) -> Picture:
    """PICTURE with all that is not shown as itself (control characters, direction marks) written as `\\x1b`."""
    return msgspec.convert(escaped(msgspec.to_builtins(picture)), Picture)


def escaped(data: object) -> object:
    """DATA, all text in it fit to be shown."""
    if isinstance(data, str):
        return escape(data)
    if isinstance(data, list | tuple):
        return [escaped(each) for each in data]
    if isinstance(data, dict):
        return {key: escaped(value) for key, value in data.items()}
    return data
