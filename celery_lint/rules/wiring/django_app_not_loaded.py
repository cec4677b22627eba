"""CEL210: Django processes that never make the Celery application."""

from __future__ import annotations

from collections.abc import Iterator

from celery_lint.finding import Finding, Location, Related, Span
from celery_lint.project.code.patterns import Pattern
from celery_lint.project.model import App, Task
from celery_lint.project.project import Project
from celery_lint.project.tasks.declaring import SHARED
from celery_lint.remedy import LoadApp
from celery_lint.rule import ERROR, HIGH, WARNING, rule

# Reading the variable that an application without settings looks at itself.
_READ = Pattern(rb"""["']CELERY_BROKER_URL["']""")
_NOWHERE = "goes to amqp://guest@localhost"
_DJANGO = Pattern(rb"DJANGO_SETTINGS_MODULE|django\.conf")


@rule("CEL210", "django-app-not-loaded", since="0.1", severity=ERROR, confidence=HIGH, fix="safe")
def check(app: App, project: Project) -> Iterator[Finding]:
    """A Django project uses `shared_task`, but only its workers load the Celery application."""
    folder, _, file = app.module_path.rpartition("/")
    package = f"{folder}/__init__.py"
    if len(project.apps) > 1 or package not in project.files.known or file == "__init__.py" or not app.variables:
        return
    shared = [task for task in project.tasks if _is_shared(task, project)]
    if not shared or not _is_beside_settings(app, folder, project) or project.registration.is_imported(app.module_path):
        return
    name = app.variables[0][1]
    has_broker = project.files.is_mentioned(_READ)
    sending = "has the broker of `CELERY_BROKER_URL`, but none of your routes" if has_broker else _NOWHERE
    yield check.finding(
        f"no process but the worker imports `{app.name}`, so `{shared[0].name}` and other shared tasks use one "
        f"without your settings in the web process, and `.delay()` {sending}; import it in {package}",
        Location(package, Span(0, 0)),
        app.entity,
        related=(
            Related(app.location, "the application"),
            *(Related(task.location, f"shared task `{task.name}`") for task in shared[:5]),
        ),
        remedy=LoadApp(package, f".{file.removesuffix('.py')}", name),
        severity=WARNING if has_broker else ERROR,
    )


def _is_shared(task: Task, project: Project) -> bool:
    if task.decorator is None or task.app is not None:
        return False
    value = getattr(task.decorator.value, "callee", task.decorator.value)
    return project.symbols.external(task.decorator.path, value) in SHARED


def _is_beside_settings(app: App, folder: str, project: Project) -> bool:
    """Whether the application is made for Django, in the package that holds the settings."""
    if not project.files.mentions(app.module_path, _DJANGO):
        return False
    return any(path.startswith(f"{folder}/") for path in project.registration.django.settings())
