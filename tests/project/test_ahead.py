"""Files are read by several processes, and nobody can tell."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from celery_lint.cache.facts import FactStore
from celery_lint.project.code.ahead import Answer, Readers, Work
from celery_lint.project.code.files import Files
from celery_lint.project.code.foreseen import foreseen

FILES = [(size * 10_000, f"f{size}.py") for size in range(1, 81)]
PATHS = [path for _, path in FILES]


def content(path: str) -> Answer:
    return Answer(b"digest", f"what {path} says".encode())


@contextmanager
def reading(jobs: int, read: Callable[[str], Answer] = content) -> Iterator[Readers]:
    with closing(Readers(Work(read, bytes.upper), jobs)) as readers:
        readers.ask(FILES)
        yield readers


def process_of(path: str) -> Answer:
    return Answer(b"", f"{os.getpid()} {path}".encode())


@pytest.mark.parametrize("jobs", [1, 2, 3, 8])
def test_every_file_is_read_the_same(jobs: int) -> None:
    with reading(jobs) as readers:
        assert {path: readers.answer(path) for path in PATHS} == {path: content(path) for path in PATHS}


def test_the_work_is_divided_and_nothing_of_it_is_done_here() -> None:
    with reading(3, process_of) as readers:
        found = {answer.facts.split()[0] for path in PATHS if (answer := readers.answer(path)) is not None}

    assert len(found) == 3
    assert str(os.getpid()).encode() not in found


def test_what_all_need_is_loaded_once_and_not_here(tmp_path: Path) -> None:
    loaded = tmp_path / "loaded"

    def load() -> None:
        with loaded.open("a") as file:
            file.write(f"{os.getpid()}\n")

    with closing(Readers(Work(process_of, bytes.upper, load), 3)) as readers:
        readers.ask(FILES)
        found = {answer.facts.split()[0].decode() for path in PATHS if (answer := readers.answer(path)) is not None}

    assert len(found) == 3
    assert loaded.read_text().split()[1:] == []
    assert loaded.read_text().strip() in found


def test_where_it_cannot_be_loaded_nothing_is_read() -> None:
    def load() -> None:
        raise ImportError

    with closing(Readers(Work(content, bytes.upper, load), 2)) as readers:
        readers.ask(FILES)

        assert [readers.answer(path) for path in PATHS] == [None] * len(PATHS)


def test_little_to_read_takes_one_process() -> None:
    with closing(Readers(Work(process_of, bytes.upper), 8)) as readers:
        readers.ask([(10, "a.py"), (10, "b.py"), (10, "c.py")])
        answers = [readers.answer(path) for path in ("a.py", "b.py", "c.py")]

    assert len({answer.facts.split()[0] for answer in answers if answer is not None}) == 1


def test_nothing_to_read_takes_none() -> None:
    with closing(Readers(Work(content, bytes.upper), 2)) as readers:
        readers.ask([])

        assert readers.answer("a.py") is None


def test_what_was_not_foreseen_is_read_too() -> None:
    with reading(2) as readers:
        assert readers.answer("other.py") == content("other.py")
        assert readers.answer(PATHS[0]) == content(PATHS[0])
        assert readers.answer("another.py") == content("another.py")


def test_more_can_be_asked_for_before_all_is_answered() -> None:
    with reading(2) as readers:
        readers.ask([(10, "more.py")])

        assert all(readers.answer(path) == content(path) for path in (*PATHS, "more.py"))


def test_other_work_is_done_as_well() -> None:
    with reading(2) as readers:
        assert readers.make(b"a \xff request") == b"A \xff REQUEST"
        assert readers.answer(PATHS[0]) == content(PATHS[0])


def test_work_that_fails_comes_to_nothing() -> None:
    def failing(request: bytes) -> bytes:
        raise ValueError(request)

    with closing(Readers(Work(content, failing), 1)) as readers:
        readers.ask(FILES)

        assert readers.make(b"request") == b""
        assert readers.make(b"request") == b""


def test_names_need_not_be_text() -> None:
    with closing(Readers(Work(content_of_bytes, bytes.upper), 1)) as readers:
        readers.ask([(10, "\udcff.py")])

        assert readers.answer("\udcff.py") == Answer(b"", b"\xff.py")


def content_of_bytes(path: str) -> Answer:
    return Answer(b"", os.fsencode(path))


def test_processes_that_die_leave_the_files_to_others() -> None:
    def deadly(path: str) -> Answer:
        if path == PATHS[0]:
            os._exit(9)
        return content(path)

    with reading(2, deadly) as readers:
        found = [readers.answer(path) for path in PATHS]

    assert found[0] is None
    assert set(found[1:]) <= {None, *map(content, PATHS)}
    assert any(found)


def test_an_error_in_a_process_is_not_its_parents(capfd: pytest.CaptureFixture[str]) -> None:
    def failing(path: str) -> Answer:
        raise ValueError(path)

    with reading(2, failing) as readers:
        assert [readers.answer(path) for path in PATHS] == [None] * len(PATHS)

    assert capfd.readouterr() == ("", "")


def test_nobody_waits_for_processes_that_are_not_needed_any_more() -> None:
    def slow(path: str) -> Answer:
        time.sleep(0.2)
        return content(path)

    start = time.monotonic()
    with reading(2, slow):
        pass

    assert time.monotonic() - start < 0.2 * len(PATHS) / 4
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


# The files of a project


TASKS = {
    "app.py": "from celery import Celery\napp = Celery()\n",
    "tasks.py": "from app import app\nimport mail\n\n\n@app.task\ndef send(): mail.send()\n",
    "mail.py": "import parts\n",
    "parts.py": "import deeper\n",
    "deeper.py": "import deepest\n",
    "views.py": "import mail\n",
}


def test_what_tasks_import_is_foreseen() -> None:
    files = Files(Path("/nowhere"), sorted(TASKS), {path: text.encode() for path, text in TASKS.items()})

    assert set(foreseen(files)) == {"app.py", "tasks.py", "mail.py", "parts.py"}


def test_without_celery_nothing_is_foreseen() -> None:
    files = Files(Path("/nowhere"), ["a.py"], {"a.py": b"import b\n"})

    assert foreseen(files) == ()


def in_memory(store: FactStore | None = None) -> Files:
    return Files(Path("/nowhere"), sorted(TASKS), {path: text.encode() for path, text in TASKS.items()}, store)


def test_other_processes_find_the_same_facts() -> None:
    files, alone = in_memory(), in_memory()
    with closing(files):
        files.read_ahead(["tasks.py"], 2, bytes.upper)

        assert files.python("tasks.py").facts == alone.python("tasks.py").facts
        assert files.python("mail.py").facts == alone.python("mail.py").facts
    assert files.python("views.py").facts == alone.python("views.py").facts


def test_a_file_that_changes_meanwhile_counts_as_it_was_here(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_text("x = 1\n")
    files = Files(tmp_path, ["a.py", "b.py"])
    with closing(files):
        files.read_ahead(["b.py"], 2, bytes.upper)
        assert files.source("a.py").data == b"x = 1\n"
        path.write_text("import y\n")

        assert files.python("a.py").facts.imports == ()


def test_facts_that_are_known_need_no_process() -> None:
    store = FactStore()
    in_memory(store).python("tasks.py")
    files = in_memory(store)

    files.read_ahead(["tasks.py"], 2, bytes.upper)

    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def test_what_was_read_in_vain_is_not_read_again() -> None:
    store = FactStore()
    with closing(in_memory(store)) as files:
        files.read_ahead(["tasks.py", "mail.py"], 2, bytes.upper)
        files.python("tasks.py")
    again = in_memory(store)

    again.read_ahead(["tasks.py", "mail.py"], 2, bytes.upper)

    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)
