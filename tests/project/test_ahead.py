"""Files are read by several processes, and nobody can tell."""

from __future__ import annotations

import os

import pytest

from celery_lint.project.code.ahead import read_ahead

FILES = [(size, f"f{size}.py") for size in range(1, 81)]


def content(path: str) -> bytes:
    return f"what {path} says".encode()


@pytest.mark.parametrize("jobs", [2, 3, 8])
def test_every_file_is_read_once_and_the_same(jobs: int) -> None:
    assert read_ahead(FILES, content, jobs) == {path: content(path) for _, path in FILES}


@pytest.mark.parametrize(("files", "jobs"), [(FILES, 1), (FILES[:40], 2), ([], 4)])
def test_few_files_or_one_process_are_not_worth_it(files: list[tuple[int, str]], jobs: int) -> None:
    assert read_ahead(files, content, jobs) == {}


def test_a_process_that_dies_leaves_its_files_to_others() -> None:
    parent = os.getpid()

    def deadly(path: str) -> bytes:
        if os.getpid() != parent:
            os._exit(9)
        return content(path)

    found = read_ahead(FILES, deadly, 2)

    assert 0 < len(found) < len(FILES)
    assert all(found[path] == content(path) for path in found)


def test_an_error_in_a_process_is_not_its_parents(capfd: pytest.CaptureFixture[str]) -> None:
    parent = os.getpid()

    def failing(path: str) -> bytes:
        if os.getpid() != parent:
            raise ValueError(path)
        return content(path)

    assert 0 < len(read_ahead(FILES, failing, 2)) < len(FILES)
    assert capfd.readouterr() == ("", "")
