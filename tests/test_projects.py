"""Whole small projects, judged by all rules: `tests/fixtures/projects/<name>/` with its `expected.txt`."""

from __future__ import annotations

from pathlib import Path

import pytest

from celery_lint.testing import check_project

PROJECTS = sorted(path.parent for path in (Path(__file__).parent / "fixtures" / "projects").glob("*/expected.txt"))


@pytest.mark.parametrize("folder", PROJECTS, ids=lambda folder: folder.name)
def test_project(folder: Path, update: bool) -> None:
    found = check_project(folder, update=update)
    assert not found, "\n" + "\n".join(found)
