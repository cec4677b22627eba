"""LINK: the pools that a task most likely runs in, where its workers do not say."""

from __future__ import annotations

from celery_lint.project.code.values import Known
from celery_lint.project.model import Task
from celery_lint.project.project import Project

# What a worker runs when nobody says another (celery/app/defaults.py: worker_pool).
_DEFAULT = frozenset({"prefork"})


def likely_pools(task: Task, project: Project) -> frozenset[str]:
    """The pools that TASK runs in, as far as the project tells: those of the workers that may run it, and for a worker
    whose pool is not known the ones that `worker_pool` chooses in the applications of TASK. An application without
    that setting, beside ones that have it, is taken for one that only sends. Celery's own pool where nothing chooses.
    """
    certain = project.pools_of(task)
    if certain is not None:
        return certain
    found = [worker.pool for worker in project.workers if project.may_run(worker, task)]
    known = frozenset(pool.value for pool in found if isinstance(pool, Known))
    if found and all(isinstance(pool, Known) for pool in found):
        return known
    return known | (_chosen(task, project) or _DEFAULT)


def _chosen(task: Task, project: Project) -> frozenset[str]:
    """What the settings of the applications of TASK say."""
    settings = [app.settings.get("worker_pool") for app in project.apps_of(task)]
    texts = [project.evaluator.text(setting.value) for setting in settings if setting is not None]
    return frozenset(text.value for text in texts if isinstance(text, Known))
