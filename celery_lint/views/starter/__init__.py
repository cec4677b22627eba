"""A first configuration for a project: what was found in it, what could not be seen, and which settings would help."""

from celery_lint.views.starter.model import Material, Suggestion
from celery_lint.views.starter.suggest import suggestions
from celery_lint.views.starter.text import configuration_text

__all__ = ["Material", "Suggestion", "configuration_text", "suggestions"]
