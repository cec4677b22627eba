"""From a project to its picture: all that is decided about what is shown."""

from __future__ import annotations

from celery_lint.views.drawing.draw import declared_in, draw, prefix_of

__all__ = ["declared_in", "draw", "prefix_of"]
