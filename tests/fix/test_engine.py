"""Fixing whole files: in rounds, all or nothing, and never at the cost of what was there."""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import get_args

import pytest
from msgspec.structs import replace

from celery_lint.finding import Applicability, Confidence, Edit, Finding, Fix, Location, Severity, Span
from celery_lint.fix.attach import attach
from celery_lint.fix.diff import diff
from celery_lint.fix.engine import apply, plan
from celery_lint.fix.parcel import answer, attach_elsewhere
from celery_lint.fix.patch import patched
from celery_lint.remedy import EditCode, Remedy, Replacement
from celery_lint.source import Source
from tests.fix.support import FINDERS, PATH, Sample, cases

LOOP = """\
import asyncio


def {name}():
    loop = asyncio.new_event_loop()
    try:
        return loop.run_until_complete(count())
    finally:
        loop.close()
"""
FIXED_LOOP = """\
import asyncio


def {name}():
    return asyncio.run(count())
"""
PRINTS = """\
import os


def one():
    print("one", os.sep)


def two():
    print("two")
"""


class Project:
    """A project in a folder, with rules that see what the test support sees."""

    def __init__(self, root: Path, *remedies: str) -> None:
        self.root = root
        self.remedies = remedies

    def put(self, text: str | bytes, path: str = PATH) -> Path:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        return file

    def judge(self, overlay: Mapping[str, bytes]) -> tuple[Finding, ...]:
        found = []
        for file in sorted(self.root.rglob("*.py")):
            path = file.relative_to(self.root).as_posix()
            source = Source(path, overlay.get(path) or file.read_bytes())
            sample = Sample(source.data.decode(source.encoding), source.encoding)
            for name in self.remedies:
                for number, remedy in enumerate(FINDERS[name](sample)):
                    found.append(
                        finding(replace(remedy, path=path), entity=f"{name}:{sample.text.count('def ')}:{number}")
                    )
        return tuple(found)

    def fix(self, *, unsafe: bool = True):  # type: ignore[no-untyped-def]
        return apply(self.root, self.judge({}), unsafe=unsafe, rejudge=self.judge)


def finding(
    remedy: Remedy | None = None, *, path: str = PATH, entity: str = "task:t", fix: Fix | None = None
) -> Finding:
    return Finding(
        code="CEL102",
        name="run-until-complete-in-task",
        severity=Severity.ERROR,
        confidence=Confidence.HIGH,
        message="",
        location=Location(remedy.path if remedy else path, Span(0, 1)),
        entity=entity,
        remedy=remedy,
        fix=fix,
    )


def edited(*edits: tuple[int, int, str], entity: str = "task:t", path: str = PATH) -> Finding:
    made = tuple(Edit(path, Span(start, end), text) for start, end, text in edits)
    return finding(path=path, entity=entity, fix=Fix("", Applicability.SAFE, made))


def once(*left: Finding) -> Callable[[Mapping[str, bytes]], tuple[Finding, ...]]:
    """A judge that sees LEFT after every round."""
    return lambda overlay: left


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path, "run_coroutines")


# What is fixed


def test_fixes_and_writes(project: Project) -> None:
    file = project.put(LOOP.format(name="tick"))

    report = project.fix(unsafe=False)

    assert file.read_text() == FIXED_LOOP.format(name="tick")
    assert report.written == (PATH,)
    assert len(report.fixed) == 1
    assert report.remaining == report.refused == ()


def test_a_second_run_changes_nothing(project: Project) -> None:
    file = project.put(LOOP.format(name="tick"))
    project.fix()
    before = file.stat()

    report = project.fix()

    assert report.written == ()
    assert file.stat().st_mtime_ns == before.st_mtime_ns


def test_unsafe_fixes_wait_to_be_asked_for(tmp_path: Path) -> None:
    project = Project(tmp_path, "log_instead")
    file = project.put(PRINTS)

    report = project.fix(unsafe=False)

    assert file.read_text() == PRINTS
    assert len(report.remaining) == 2
    assert all(item.fix is not None for item in report.remaining)


def test_display_fixes_are_never_applied(project: Project) -> None:
    project.put("x = 1\n")
    shown = edited((0, 1, "y"))
    assert shown.fix is not None
    shown = replace(shown, fix=replace(shown.fix, applicability=Applicability.DISPLAY))

    assert apply(project.root, [shown], unsafe=True, rejudge=once(shown)).written == ()


def test_two_fixes_that_need_the_same_import_add_it_once(tmp_path: Path) -> None:
    project = Project(tmp_path, "log_instead")
    file = project.put(PRINTS)

    report = project.fix()

    assert len(report.fixed) == 2
    assert file.read_text() == (
        "import logging\nimport os\n\nlogger = logging.getLogger(__name__)\n\n\n"
        'def one():\n    logger.info("one %s", os.sep)\n\n\ndef two():\n    logger.info("two")\n'
    )


def test_fixes_of_different_kinds_in_one_file(tmp_path: Path) -> None:
    project = Project(tmp_path, "log_instead", "run_coroutines", "bind_task")
    file = project.put(
        "@app.task\ndef tick(self):\n    print(self)\n"
        "    loop = asyncio.get_event_loop()\n    loop.run_until_complete(count())\n"
    )

    report = project.fix()

    assert report.remaining == ()
    assert file.read_text() == (
        "import asyncio\nimport logging\n\nlogger = logging.getLogger(__name__)\n\n\n"
        '@app.task(bind=True)\ndef tick(self):\n    logger.info("%s", self)\n    asyncio.run(count())\n'
    )


def test_fixes_that_touch_each_other_take_turns(project: Project) -> None:
    project.put("aabbcc\n")
    first, second = edited((0, 2, "x"), entity="1"), edited((2, 4, "y"), entity="2")

    def judge(overlay: Mapping[str, bytes]) -> tuple[Finding, ...]:
        return (edited((1, 3, "y"), entity="2"),) if overlay[PATH] == b"xbbcc\n" else ()

    report = apply(project.root, [second, first], unsafe=False, rejudge=judge)

    assert (project.root / PATH).read_bytes() == b"xycc\n"
    assert [item.entity for item in report.fixed] == ["1", "2"]


def test_rounds_come_to_an_end(project: Project) -> None:
    project.put("x = 1\n")
    counter = iter(range(100))

    def judge(overlay: Mapping[str, bytes]) -> tuple[Finding, ...]:
        return (edited((0, 1, "y" if overlay[PATH].startswith(b"x") else "x"), entity=str(next(counter))),)

    report = apply(project.root, judge({PATH: b"x"}), unsafe=False, rejudge=judge)

    assert len(report.fixed) == 10
    assert len(report.remaining) == 1


# What is taken back


def test_a_result_that_does_not_compile_is_refused(project: Project) -> None:
    file = project.put("x = 1\ny = 2\n")
    broken, good = edited((4, 5, "("), entity="bad"), edited((10, 11, "3"), entity="good")

    report = apply(project.root, [broken, good], unsafe=False, rejudge=once(broken))

    assert file.read_bytes() == b"x = 1\ny = 3\n"
    assert [item.entity for item in report.fixed] == ["good"]
    assert [item.reason for item in report.refused] == [f"{PATH}: CEL102 was not fixed: the result would not compile"]


def test_a_fix_that_does_not_cure_is_taken_back(project: Project) -> None:
    file = project.put("x = 1\ny = 2\n")
    useless, good = edited((4, 5, "7"), entity="bad"), edited((10, 11, "3"), entity="good")

    report = apply(project.root, [useless, good], unsafe=False, rejudge=once(useless))

    assert file.read_bytes() == b"x = 1\ny = 3\n"
    assert report.remaining == (useless,)
    assert "would still be there" in report.refused[0].reason


def test_text_that_the_encoding_cannot_express_is_refused(project: Project) -> None:
    data = "# coding: latin-1\nx = 'é'\n".encode("latin-1")
    file = project.put(data)
    item = edited((len(data) - 3, len(data) - 2, "€"))

    report = apply(project.root, [item], unsafe=False, rejudge=once(item))

    assert file.read_bytes() == data
    assert len(report.refused) == 1


def test_a_fix_that_deletes_a_comment_is_unsafe(project: Project) -> None:
    text = "def obtain_loop():\n    return asyncio.new_event_loop()  # why\n"
    source = Source(PATH, (LOOP.format(name="tick") + "# kept\n" + text).encode())
    project.put(source.data)
    (judged,) = attach(project.judge({}), lambda path: source)
    assert judged.fix is not None
    assert judged.fix.applicability is Applicability.SAFE

    comment = LOOP.format(name="tick").replace("asyncio.new_event_loop()", "asyncio.new_event_loop(  # why\n    )")
    source = Source(PATH, comment.encode())
    project.put(source.data)
    (judged,) = attach(project.judge({}), lambda path: source)
    assert judged.fix is not None
    assert judged.fix.applicability is Applicability.SAFE  # the comment went to the run


# How it is written


def test_permissions_stay(project: Project) -> None:
    file = project.put(LOOP.format(name="tick"))
    file.chmod(0o754)

    project.fix()

    assert stat.S_IMODE(file.stat().st_mode) == 0o754
    assert list(file.parent.iterdir()) == [file]


@pytest.mark.parametrize("head", [b"\xef\xbb\xbf", b"# coding: latin-1\n# \xe9\n"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_encoding_mark_and_newlines_stay(project: Project, head: bytes, newline: str) -> None:
    head = head.replace(b"\n", newline.encode())
    file = project.put(head + LOOP.format(name="tick").replace("\n", newline).encode())

    project.fix()

    assert file.read_bytes() == head + FIXED_LOOP.format(name="tick").replace("\n", newline).encode()


def test_a_read_only_file_stays_and_is_named(project: Project) -> None:
    file = project.put(LOOP.format(name="tick"))
    other = project.put(LOOP.format(name="tock"), "proj/other.py")
    file.chmod(0o444)

    report = project.fix()

    assert file.read_text() == LOOP.format(name="tick")
    assert other.read_text() == FIXED_LOOP.format(name="tock")
    assert [item.reason for item in report.refused] == [f"{PATH} was not fixed: it is read-only"]
    assert [item.location.path for item in report.remaining] == [PATH]
    assert [item.location.path for item in report.fixed] == ["proj/other.py"]


@pytest.mark.parametrize("call", ["open", "write", "fsync", "replace"])
def test_a_full_disk_leaves_the_old_file(project: Project, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    file = project.put(LOOP.format(name="tick"))

    def full(*args: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, call, full)
    report = project.fix()

    assert file.read_text() == LOOP.format(name="tick")
    assert list(file.parent.iterdir()) == [file]
    assert [item.reason for item in report.refused] == [f"{PATH} was not fixed: No space left on device"]
    assert report.written == ()


def test_an_interrupt_leaves_no_temporary_file(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    file = project.put(LOOP.format(name="tick"))

    def interrupt(*args: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        project.fix()

    assert file.read_text() == LOOP.format(name="tick")
    assert list(file.parent.iterdir()) == [file]


def test_a_link_inside_the_project_is_written_through(project: Project) -> None:
    target = project.put(LOOP.format(name="tick"), "common/real.txt")
    link = project.root / PATH
    link.parent.mkdir()
    link.symlink_to(target)

    project.fix()

    assert link.is_symlink()
    assert target.read_text() == FIXED_LOOP.format(name="tick")


def test_a_link_out_of_the_project_is_left_alone(tmp_path: Path) -> None:
    project = Project(tmp_path / "root", "run_coroutines")
    outside = Project(tmp_path, "run_coroutines").put(LOOP.format(name="tick"), "outside.txt")
    link = project.root / PATH
    link.parent.mkdir(parents=True)
    link.symlink_to(outside)

    report = project.fix()

    assert outside.read_text() == LOOP.format(name="tick")
    assert "outside of the project" in report.refused[0].reason


def test_a_file_that_changed_meanwhile_is_left_alone(project: Project) -> None:
    file = project.put(LOOP.format(name="tick"))
    planned = plan(project.root, project.judge({}), unsafe=True, rejudge=project.judge)
    assert planned.after
    file.write_text("# somebody else\n")

    def judge(overlay: Mapping[str, bytes]) -> tuple[Finding, ...]:
        file.write_text("# somebody else\n")
        return ()

    file.write_text(LOOP.format(name="tick"))
    report = apply(project.root, project.judge({}), unsafe=True, rejudge=judge)

    assert file.read_text() == "# somebody else\n"
    assert report.refused[0].reason == f"{PATH} was not fixed: it was changed by someone else meanwhile"


def test_a_plan_touches_nothing(project: Project) -> None:
    file = project.put(LOOP.format(name="tick"))

    planned = plan(project.root, project.judge({}), unsafe=True, rejudge=project.judge)

    assert file.read_text() == LOOP.format(name="tick")
    assert planned.after[PATH].decode() == FIXED_LOOP.format(name="tick")
    assert planned.remaining == ()


# Diffs


def test_diff_of_a_plan(project: Project) -> None:
    project.put("a = 1\n\fb = 2\nc = 3")
    planned = plan(project.root, [edited((13, 18, "c = 4"))], unsafe=True, rejudge=once())

    assert diff(planned.before, planned.after) == (
        f"--- a/{PATH}\n+++ b/{PATH}\n@@ -1,3 +1,3 @@\n a = 1\n \fb = 2\n-c = 3\n"
        "\\ No newline at end of file\n+c = 4\n\\ No newline at end of file\n"
    )


# Helpers that nothing needs any more

SHARED = """\
import asyncio


def obtain_loop():
    return asyncio.new_event_loop()


def one():
    return obtain_loop().run_until_complete(count())


def two():
    loop = obtain_loop()
    loop.run_until_complete(count())
"""


def test_a_shared_helper_goes_when_its_last_user_is_fixed(project: Project) -> None:
    file = project.put(SHARED)

    report = project.fix()

    assert len(report.fixed) == 2
    assert file.read_text() == (
        "import asyncio\n\n\ndef one():\n    return asyncio.run(count())\n\n\ndef two():\n    asyncio.run(count())\n"
    )


def test_a_shared_helper_stays_while_somebody_says_its_name(project: Project) -> None:
    file = project.put(SHARED)
    project.put("from proj.tasks import obtain_loop\n\nprint(obtain_loop)\n", "proj/other.py")

    project.fix()

    assert "def obtain_loop():" in file.read_text()


def test_an_import_of_the_helper_goes_with_it(project: Project) -> None:
    file = project.put(SHARED)
    other = project.put("from proj.tasks import obtain_loop, one\n", "proj/other.py")

    project.fix()

    assert "obtain_loop" not in file.read_text()
    assert other.read_text() == "from proj.tasks import one\n"


# Attaching


def test_a_reason_of_the_rule_stays() -> None:
    source = Source(PATH, LOOP.format(name="tick").encode())
    (remedy,) = FINDERS["run_coroutines"](Sample(source.data.decode()))
    kept = replace(finding(remedy), withheld="No automatic fix: the engine keeps its pool.")

    assert attach([kept], lambda path: source)[0].withheld == kept.withheld
    assert attach([kept], lambda path: source)[0].fix is None


def test_a_finding_without_remedy_stays_as_it_is() -> None:
    plain = finding()

    assert attach([plain], lambda path: Source(path, b"")) == (plain,)


def test_a_text_is_replaced_without_parsing_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        pytest.fail("parsed")

    monkeypatch.setattr("libcst.parse_module", refuse)
    monkeypatch.setattr("tokenize.generate_tokens", refuse)
    remedy = EditCode(PATH, "Call it", (Replacement(Span(0, 7), "t.delay", "t.apply_async"),))

    (judged,) = attach([finding(remedy)], lambda path: Source(path, b"t.delay(\n    1,\n    2)\n"))

    assert judged.fix is not None
    assert judged.fix.edits == (Edit(PATH, Span(0, 7), "t.apply_async"),)


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_lines_aligned_with_a_bracket_follow_it(newline: str) -> None:
    source = Source(PATH, newline.join(["t.delay(1,", "        2)", ""]).encode())
    remedy = EditCode(PATH, "Call it", (Replacement(Span(0, 7), "t.delay", "t.apply_async"),))

    (judged,) = attach([finding(remedy)], lambda path: source)

    assert judged.fix is not None
    assert patched(source, judged.fix.edits).decode().split(newline) == ["t.apply_async(1,", " " * 14 + "2)", ""]


@pytest.mark.parametrize("name", sorted(FINDERS))
def test_another_process_makes_the_same_fixes(name: str) -> None:
    source = Source(PATH, next(case.before for case in cases() if case.remedy == name).encode())
    findings = [finding(remedy) for remedy in FINDERS[name](Sample(source.data.decode()))]
    here: list[frozenset[str]] = []
    there: list[frozenset[str]] = []

    attached = attach(findings, lambda path: source, lambda _, paths: here.append(paths))
    elsewhere = attach_elsewhere(
        findings,
        lambda request: answer(request, lambda path: source),
        lambda path: source,
        lambda _, paths: there.append(paths),
    )

    assert elsewhere is not None
    assert [(each.fix, each.withheld) for each in elsewhere] == [(each.fix, each.withheld) for each in attached]
    assert there == here


def test_what_another_process_made_of_other_bytes_does_not_count() -> None:
    remedy = EditCode(PATH, "Call it", (Replacement(Span(0, 7), "t.delay", "t.apply_async"),))

    def made(*_: object) -> None:
        pytest.fail("told")

    def elsewhere(make: Callable[[bytes], bytes]) -> object:
        return attach_elsewhere([finding(remedy)], make, lambda path: Source(path, b"t.delay(1)"), made)

    assert elsewhere(lambda request: answer(request, lambda path: Source(path, b"t.delay(2)"))) is None
    assert elsewhere(lambda request: b"") is None


def test_every_remedy_has_a_rewriter() -> None:
    for remedy in get_args(Remedy):
        name = re.sub(r"(?<!^)(?=[A-Z])", "_", remedy.__name__).lower()
        assert callable(import_module(f"celery_lint.fix.rewrite.{name}").rewrite)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"def (:\n", "LibCST cannot read the syntax of this file"),
        (b"# coding: nonsense\nx = 1\n", "the file is not text in its declared encoding"),
        (b"x = '\xff'\n", "the file is not text in its declared encoding"),
        (b"x = 1\n", "the code is not where the rule saw it"),
        (b"", "the code is not where the rule saw it"),
    ],
    ids=["syntax", "encoding", "bytes", "moved", "empty"],
)
def test_files_that_cannot_be_rewritten_say_so(data: bytes, why: str) -> None:
    (remedy,) = FINDERS["run_coroutines"](Sample(LOOP.format(name="tick")))

    (judged,) = attach([finding(remedy)], lambda path: Source(path, data))

    assert judged.fix is None
    assert judged.withheld is not None
    assert why in judged.withheld
