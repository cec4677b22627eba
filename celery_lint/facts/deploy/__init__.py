"""Read deployment files: which commands start workers, beat and everything else of Celery."""

from __future__ import annotations

from celery_lint.facts.deploy.reader import read, reads

__all__ = ["read", "reads"]
