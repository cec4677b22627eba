"""From a project and what was found in it to a picture."""

from celery_lint.views.drawing.draw import draw

__all__ = ["draw"]
