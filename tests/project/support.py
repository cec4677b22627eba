"""Small projects, kept in memory, and what the linker says about them."""

from __future__ import annotations

from pathlib import Path

from celery_lint.project.code.files import Files
from celery_lint.project.code.values import Known
from celery_lint.project.link import link
from celery_lint.project.project import Project
from celery_lint.settings import Settings

APP = "from celery import Celery\napp = Celery('proj', broker='redis://')\n"
WORKER = "worker: celery -A proj.celery_app worker"


def project(files: dict[str, str] | None = None, /, *, app: str = "", tasks: str = "", **options: object) -> Project:
    """The project of FILES, with APP behind the app in `proj/celery_app.py` and TASKS behind its import in
    `proj/tasks.py`."""
    texts = {
        "proj/__init__.py": "",
        "proj/celery_app.py": APP + app,
        "proj/tasks.py": f"from proj.celery_app import app\n{tasks}",
        "Procfile": WORKER,
        **(files or {}),
    }
    return linked(texts, **options)


def linked(texts: dict[str, str], **options: object) -> Project:
    """The project that TEXTS make up, and nothing else."""
    overlay = {path: text.encode() for path, text in texts.items()}
    return link(Files(Path("/nowhere"), sorted(overlay), overlay), Settings(**options))  # type: ignore[arg-type]


def names(found: Project) -> list[str]:
    """The names of all tasks, sorted."""
    return sorted(task.name for task in found.tasks)


def setting(found: Project, name: str) -> object:
    """The value of the setting NAME of the only app; "unset", or "unknown"."""
    [app] = found.apps
    entry = app.settings.get(name)
    if entry is None:
        return "unset"
    value = found.evaluator.scalar(entry.value)
    return value.value if isinstance(value, Known) else "unknown"


def reached(found: Project) -> set[str]:
    """The functions that workers run, by their qualified names."""
    return {each.label for each in found.reached.values()}
