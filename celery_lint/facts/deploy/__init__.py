"""Read deployment files: which commands start workers, beat and everything else of Celery."""

from __future__ import annotations

from celery_lint.facts.deploy.kinds import reads
from celery_lint.facts.model import DeployFacts

__all__ = ["read", "reads"]


def read(path: str, data: bytes) -> DeployFacts:
    """What the deployment file PATH with the bytes DATA runs. Never raises; see `DeployFacts.error`."""
    # What understands YAML and shell scripts takes a while to load, and such files seldom change.
    from celery_lint.facts.deploy import reader

    return reader.read(path, data)
