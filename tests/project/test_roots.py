"""What modules are called: it shows in the project, and not in what was asked of it."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from celery_lint.project.code.files import Files
from celery_lint.project.code.modules import Modules
from celery_lint.project.code.roots import Roots, Start, count_imports
from celery_lint.project.tasks.tasks import may_declare
from tests.project.support import APP, linked, names

SEND = "from core.celery_app import app\n@app.task\ndef send(): ...\n"
# The worker's code imports from `mail/app`; what knows nothing of Celery imports the same modules from `mail`.
TEXTS = {
    "mail/app/core/__init__.py": "",
    "mail/app/core/celery_app.py": APP,
    "mail/app/tasks.py": SEND,
    "mail/app/views.py": "from app.tasks import send\nfrom app.core import models\n",
    "mail/web/urls.py": "from app import views\nimport app.core\n",
    "mail/web/forms.py": "import app.tasks, app.views\nfrom app.core import models, signals\n",
}


@pytest.mark.parametrize("seed", range(5))
def test_nobody_changes_names_by_asking(seed: int) -> None:
    files, modules = _read(TEXTS)
    asked = [(path, name) for path in TEXTS for name in files.imports(path).anywhere]
    expected = _names(files, modules)
    other_files, other_modules = _read(TEXTS)
    Random(seed).shuffle(asked)
    for path, name in asked[: 2 + 3 * seed]:
        other_modules.find(path, name)
    modules.files("mail/web/urls.py", ["app", "app.views", "app.tasks.send", "app.core"])

    assert _names(other_files, other_modules) == expected == _names(files, modules)
    assert expected["mail/app/tasks.py"] == ["tasks"]


def test_names_in_what_is_said_are_those_that_tasks_have() -> None:
    found = linked(TEXTS)
    before = found.roots.names_of("mail/app/tasks.py")
    for path in TEXTS:
        found.registration.targets(path)

    assert names(found) == ["tasks.send"]
    assert found.roots.names_of("mail/app/tasks.py") == before == ["tasks"]


def test_only_files_that_may_declare_tasks_are_opened() -> None:
    files, modules = _read(TEXTS)
    count_imports(may_declare(files), files, modules)

    assert files.answers().read == {"mail/app/core/celery_app.py", "mail/app/tasks.py"}


def test_applications_and_tasks_have_their_names_from_where_the_worker_starts() -> None:
    imported = {**TEXTS, "mail/app/tasks.py": SEND.replace("core.", "app.core.")}
    found = linked({**imported, "mail/docker-compose.yml": _compose("app.tasks")})

    assert [app.name for app in found.apps] == ["app.core.celery_app.app"]
    assert names(found) == ["app.tasks.send"]


def test_a_command_counts_beside_what_imports_show() -> None:
    found = linked({**TEXTS, "mail/docker-compose.yml": _compose("app.tasks")})
    [task] = found.tasks

    assert set(task.names) == {"tasks.send", "app.tasks.send"}


def test_a_folder_above_the_repository_has_a_name_as_well() -> None:
    _, modules = _read({"tasks.py": SEND})
    roots = Roots(modules, {}, [Start(("",), "shop"), Start(("",), "shop")])

    assert roots.names_of("tasks.py") == ["tasks", "shop.tasks"]


def _compose(app: str) -> str:
    return f"services:\n  worker:\n    image: mail\n    command: celery -A {app} worker\n"


def _read(texts: dict[str, str]) -> tuple[Files, Modules]:
    files = Files(Path("/nowhere"), sorted(texts), {path: text.encode() for path, text in texts.items()})
    return files, Modules(files)


def _names(files: Files, modules: Modules) -> dict[str, list[str]]:
    roots = Roots(modules, count_imports(may_declare(files), files, modules), [])
    return {path: roots.names_of(path) for path in files.python_paths}
