"""`html`: the findings on one page that needs nothing else, with their source, their fixes and the picture."""

from celery_lint.views.findings.page import html

__all__ = ["html"]
