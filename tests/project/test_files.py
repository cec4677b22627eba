"""Which files no worker runs, by their names."""

from __future__ import annotations

import pytest

from celery_lint.project.code.files import is_aside


@pytest.mark.parametrize(
    "path",
    [
        "tests/tasks.py", "shop/tests/tasks.py", "t/integration/tasks.py", "integration_tests/app.py",
        "tests_openshift/tasks.py", "e2e-tests/worker.py", "shop/test_tasks.py", "shop/tasks_test.py", "conftest.py",
        "docs/conf.py", ".github/scripts/run.py", "examples/app.py",
    ],
)  # fmt: skip
def test_tests_docs_and_examples_are_aside(path: str) -> None:
    assert is_aside(path)


@pytest.mark.parametrize(
    "path",
    [
        "shop/tasks.py", "contests/tasks.py", "requests/tasks.py", "ab_test/tasks.py", "shop/t/tasks.py",
        "attestations/tasks.py", "test_case/tasks.py", "latests.py",
    ],
)  # fmt: skip
def test_what_a_worker_may_run_is_not(path: str) -> None:
    assert not is_aside(path)
