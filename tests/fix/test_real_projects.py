"""The command that fixes copies of whole projects, on the projects of the tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fix.real_projects import tried

PROJECTS = sorted((Path(__file__).parent.parent / "fixtures" / "projects").iterdir())


@pytest.mark.slow
@pytest.mark.parametrize("folder", PROJECTS, ids=lambda folder: folder.name)
def test_a_project_is_fixed_as_promised(folder: Path) -> None:
    total = tried(folder, "CEL")

    assert total.problems == []
    assert total.files > 0
