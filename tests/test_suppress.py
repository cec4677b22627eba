"""What comments silence, and which of them silence nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from celery_lint.catalogue import Catalogue
from celery_lint.comments.directives import directives, may_hold_directives
from celery_lint.comments.model import Suppression
from celery_lint.finding import Applicability, Confidence, Finding, Location, Related, Severity, Span
from celery_lint.judge import judge
from celery_lint.rule import Rule
from celery_lint.rules.engine.unused_suppression import check as unused_suppression
from celery_lint.source import Source
from celery_lint.suppress import Silenced, silence


def nothing(subject: object) -> Iterator[Finding]:
    """Finds nothing."""
    yield from ()


def made(code: str, name: str, twins: tuple[str, ...] = ()) -> Rule:
    return Rule(code, name, "0.1", Severity.WARNING, Confidence.HIGH, "none", nothing, twins=twins)


CATALOGUE = Catalogue((made("CEL102", "run-until-complete-in-task"), made("CEL408", "print-in-task", ("T201",))))
ALL = frozenset({"CEL102", "CEL408"})


def marked(text: str, path: str = "a.py", code: str = "CEL102", encoding: str = "utf-8") -> tuple[Source, Finding]:
    """A file, and a finding at what stands between « and » in it."""
    before, _, rest = text.partition("«")
    inside, _, after = rest.partition("»")
    start = len(before.encode(encoding))
    span = Span(start, start + len(inside.encode(encoding)))
    return Source(path, (before + inside + after).encode(encoding)), found(code, Location(path, span))


def found(code: str, location: Location, related: tuple[Related, ...] = ()) -> Finding:
    return Finding(code, code, Severity.WARNING, Confidence.HIGH, "m", location, "x", related)


def silenced(*findings: Finding, sources: tuple[Source, ...], judged: frozenset[str] = ALL) -> Silenced:
    files = {source.path: source for source in sources}
    return silence(findings, sorted(files), files.__getitem__, CATALOGUE, judged)


def complaints(
    *sources: Source, findings: tuple[Finding, ...] = (), judged: frozenset[str] = ALL
) -> tuple[Finding, ...]:
    rule: Rule = unused_suppression
    return judge(silenced(*findings, sources=sources, judged=judged), [rule], {}).findings


SILENCED_IN_PYTHON = [
    "«run()»  # celery-lint: ignore[CEL102] runs once",
    "«run()»  # celery-lint: ignore[run-until-complete-in-task]",
    "«run()»  #celery-lint:ignore[ CEL408 , CEL102 ]",
    "«run()»  # noqa: X100  # celery-lint: ignore[CEL102]",
    "«run()»  # celery-lint: ignore[CEL408]  # celery-lint: ignore[CEL102]",
    "# celery-lint: ignore[CEL102]\n«run()»",
    "# celery-lint: ignore[CEL102]\n# more\n\n«run()»",
    "# celery-lint: ignore[CEL102]\n# celery-lint: ignore[CEL408]\n«run()»",
    "def f():\n    # celery-lint: ignore[CEL102]\n    return run(\n        «1»,\n    )",
    "x = «run(\n    1,\n)»  # celery-lint: ignore[CEL102]",
    "x = run(  # celery-lint: ignore[CEL102]\n    «1»,\n)",
    "x = run(\n    «1»,  # celery-lint: ignore[CEL102]\n    2,\n)",
    "x = run(\n    «go(\n        1,\n    )»,  # celery-lint: ignore[CEL102]\n    2,\n)",
    "x = {\n    # celery-lint: ignore[CEL102]\n    'a': {\n        'b': «1»,\n    },\n    'c': 2,\n}",
    "# celery-lint: ignore[CEL102]\n@«app.task»\n@other\ndef f():\n    pass",
    "# celery-lint: ignore[CEL102]\n@app.task(\n    bind=True,\n)\ndef «f»():\n    pass",
    "@«app.task»\n# celery-lint: ignore[CEL102]\ndef f():\n    pass",
    "# celery-lint: ignore[CEL102]\nclass «A»:\n    pass",
    "ä = '日本'; «run()»  # celery-lint: ignore[CEL102] ü",
    "\ufeffx = 1\n«run()»  # celery-lint: ignore[CEL102]",
    "\ufeff«run()»  # celery-lint: ignore[CEL102]",
    "if x:\r\n    «run()»  # celery-lint: ignore[CEL102]\r\n",
    'x = f"""\n{«run()»}\n"""  # celery-lint: ignore[CEL102]',
]


@pytest.mark.parametrize("text", SILENCED_IN_PYTHON)
def test_a_comment_silences(text: str) -> None:
    source, finding = marked(text)
    result = silenced(finding, sources=(source,))
    assert (result.kept, result.count) == ((), 1)


REPORTED_IN_PYTHON = [
    "«run()»  # celery-lint: ignore[CEL408]",
    "«run()»  # celery-lint: ignore",
    "«run()»  # celery-lint: ignore[]",
    "«run()»  # celery-lint: disable[CEL102]",
    "«run()»  # ignore[CEL102]",
    "«run()»  # noqa: CEL102",
    "x = '# celery-lint: ignore[CEL102]'; «run()»",
    '"""\n# celery-lint: ignore[CEL102]\n"""\n«run()»',
    "x = 1  # celery-lint: ignore[CEL102]\n«run()»",
    "# celery-lint: ignore[CEL102]\nx = 1\n«run()»",
    "# celery-lint: ignore[CEL102]\n@app.task\ndef f():\n    «run()»",
    "# celery-lint: ignore[CEL102]\nif x:\n    «run()»",
    "x = run(\n    1,  # celery-lint: ignore[CEL102]\n    «2»,\n)",
    "x = {\n    # celery-lint: ignore[CEL102]\n    'a': 1,\n    'c': «2»,\n}",
    "«run()»\n# celery-lint: ignore[CEL102]",
]


@pytest.mark.parametrize("text", REPORTED_IN_PYTHON)
def test_a_comment_does_not_silence(text: str) -> None:
    source, finding = marked(text)
    assert silenced(finding, sources=(source,)).kept == (finding,)


def test_columns_are_counted_in_the_encoding_of_the_file() -> None:
    source, finding = marked("# coding: latin-1\nx = 'äöü'; «run()»  # celery-lint: ignore[CEL102]", encoding="latin-1")
    assert silenced(finding, sources=(source,)).kept == ()


IN_OTHER_FILES = [
    ("compose.yaml", "a:\n  command: «celery worker»  # celery-lint: ignore[CEL102] x\n", True),
    ("compose.yaml", "a:\n  # celery-lint: ignore[CEL102]\n  command: >\n    celery\n    «-Q x»\n  b: 1\n", True),
    ("compose.yaml", "a:\n  # celery-lint: ignore[CEL102]\n  command:\n  - celery\n  - «x»\n  b: 1\n", True),
    ("compose.yaml", "a:\n  command: >  # celery-lint: ignore[CEL102]\n    celery\n\n    «-Q x»\n", True),
    ("compose.yaml", "a:  # celery-lint: ignore[CEL102]\n  command: «x»\nb: 1\n", True),
    ("compose.yaml", "a:\n  # celery-lint: ignore[CEL102]\n  command: >\n    celery\n  b: «1»\n", False),
    ("compose.yaml", "a:\n- x  # celery-lint: ignore[CEL102]\n- «y»\n", False),
    ("compose.yaml", 'a: "# celery-lint: ignore[CEL102]"\nb: "# celery-lint: ignore[CEL102] «x»"\n', False),
    ("compose.yaml", "a: x#celery-lint: ignore[CEL102] «x»\n", False),
    ("compose.yaml", "a: don't «x»  # celery-lint: ignore[CEL102] it's fine\n", True),
    ("pyproject.toml", "[tool.x]\na = «1»  # celery-lint: ignore[CEL102]\n", True),
    ("Makefile", "# celery-lint: ignore[CEL102]\nworker:\n\tcelery «worker»\nother:\n", True),
    ("Makefile", "worker:\n\tcelery worker \\\n\t«-Q x»  # celery-lint: ignore[CEL102]\n", True),
    ("Makefile", "# celery-lint: ignore[CEL102]\nworker:\n\tcelery\nother:\n\t«x»\n", False),
    ("Procfile", "worker: «celery worker»  # celery-lint: ignore[CEL102]\n", True),
    ("Dockerfile", "# celery-lint: ignore[CEL102]\nCMD celery \\\n  «worker»\n", True),
    ("Dockerfile.worker", "# celery-lint: ignore[CEL102]\nCMD «celery»\n", True),
    ("start.sh", "#!/bin/sh\nexec celery \\\n  «worker» -Q x # celery-lint: ignore[CEL102]\n", True),
    ("start.sh", "# celery-lint: ignore[CEL102]\nif true; then\n  «celery»\nfi\n", False),
    ("bin/start", "celery «worker» # celery-lint: ignore[CEL102]\n", True),
    ("worker.service", "# celery-lint: ignore[CEL102]\nExecStart=«celery»\n", True),
    ("worker.service", "ExecStart=«celery» # celery-lint: ignore[CEL102]\n", False),
]


@pytest.mark.parametrize(("path", "text", "is_silenced"), IN_OTHER_FILES)
def test_comments_in_deployment_files(path: str, text: str, is_silenced: bool) -> None:
    source, finding = marked(text, path)
    assert (not silenced(finding, sources=(source,)).kept) == is_silenced


@pytest.mark.parametrize("path", ["README.md", "notes.txt", "data.json", "a.rst"])
def test_prose_holds_no_directives(path: str) -> None:
    assert not may_hold_directives(path)


def test_any_location_of_a_finding_will_do() -> None:
    task, at_task = marked("«def f(): ...»  # celery-lint: ignore[CEL102]", "tasks.py")
    helper, at_helper = marked("«run()»", "helper.py")
    finding = found("CEL102", at_helper.location, (Related(at_task.location, "called from this task"),))
    assert silenced(finding, sources=(task, helper)).kept == ()


TWINS = [
    ("«print(1)»  # noqa: T201", True),
    ("«print(1)»  # NOQA: E501, t201", True),
    ("print(  # noqa: T201\n    «1»,\n)", True),
    ("# ruff: noqa: T201\n«print(1)»", True),
    ("«print(1)»  # ruff: ignore[F401, T201]", True),
    ("# ruff: ignore[T201]\n«print(1)»", True),
    ("# ruff: file-ignore[T201]\nx = 1\n«print(1)»", True),
    ("«print(1)»  # ruff: ignore[T203]", False),
    ("«print(1)»  # noqa", False),
    ("«print(1)»  # noqa: T203", False),
    ("«print(1)»\nprint(2)  # noqa: T201", False),
    ("x = '# noqa: T201'; «print(1)»", False),
]


@pytest.mark.parametrize(("text", "is_silenced"), TWINS)
def test_noqa_with_the_code_of_a_twin_silences_too(text: str, is_silenced: bool) -> None:
    source, finding = marked(text, code="CEL408")
    assert (not silenced(finding, sources=(source,)).kept) == is_silenced
    other = found("CEL102", finding.location)
    assert silenced(other, sources=(source,)).kept == (other,)


@pytest.mark.parametrize("code", ["T201", "S113", "DTZ003", "DTZ005", "B023", "PIE784", "PIE785"])
def test_noqa_with_any_code_of_a_twin(code: str) -> None:
    source, finding = marked(f"«print(1)»  # noqa: E501,{code} (reason)", code="CEL408")
    catalogue = Catalogue((made("CEL408", "print-in-task", (code,)),))
    assert silence([finding], ["a.py"], {"a.py": source}.__getitem__, catalogue, ALL).kept == ()


def test_a_used_comment_is_no_finding() -> None:
    source, finding = marked("«run()»  # celery-lint: ignore[CEL102]")
    assert complaints(source, findings=(finding,)) == ()


def test_what_was_not_judged_may_be_used() -> None:
    source = Source("a.py", b"run()  # celery-lint: ignore[CEL102, CEL408]\n")
    assert complaints(source, judged=frozenset()) == ()
    assert [each.message for each in complaints(source, judged=frozenset({"CEL408"}))] == [
        "`CEL408` silences nothing: there is no such finding here"
    ]


def test_a_comment_that_cannot_be_read_as_code_says_nothing() -> None:
    assert directives(Source("a.py", b"x = (\n# celery-lint: ignore[CEL102]\n")) == ()


FIXED = [
    ("run()  # celery-lint: ignore[CEL102] reason\nx\n", "run()\nx\n"),
    ("if x:\n    # celery-lint: ignore[CEL102] #123: reason\n    run()\n", "if x:\n    run()\n"),
    ("# celery-lint: ignore[CEL102]\r\nrun()\r\n", "run()\r\n"),
    ("\ufeff# celery-lint: ignore[CEL102]\nrun()\n", "\ufeffrun()\n"),
    ("run()  # celery-lint: ignore[CEL102] reason  # type: ignore\n", "run()  # type: ignore\n"),
    ("run()  # type: ignore  # celery-lint: ignore[CEL102]\n", "run()  # type: ignore\n"),
    ("# celery-lint: ignore[CEL102] # noqa: X\nrun()\n", "# noqa: X\nrun()\n"),
    ("run()  # celery-lint: ignore[CEL102, CEL408] reason\n", "run()\n"),
    ("run()  # celery-lint: ignore[CEL102,gone-rule] x\n", "run()  # celery-lint: ignore[gone-rule] x\n"),
    ("run()  # celery-lint: ignore[gone-rule]\n", "run()\n"),
    ("run()  # celery-lint: ignore[CEL999]\n", "run()\n"),
    ("run()  # celery-lint: ignore[print-in-tsk] x\n", "run()  # celery-lint: ignore[print-in-task] x\n"),
    ("run()  # celery-lint: ignore[cel408]\n", "run()  # celery-lint: ignore[CEL408]\n"),
]


@pytest.mark.parametrize(("before", "after"), FIXED)
def test_what_silences_nothing_is_removed(before: str, after: str) -> None:
    source = Source("a.py", before.encode())
    first = complaints(source)[0]
    assert first.fix is not None
    (edit,) = first.fix.edits
    data = source.data[: edit.span.start] + edit.text.encode() + source.data[edit.span.end :]
    assert data.decode() == after


def test_one_code_of_several_is_removed() -> None:
    source, finding = marked("«run()»  # celery-lint: ignore[CEL408, CEL102] reason")
    (complaint,) = complaints(source, findings=(finding,))
    assert source.text(complaint.location.span) == "CEL408"
    assert complaint.fix is not None
    assert [edit.text for edit in complaint.fix.edits] == ["CEL102"]


def test_correcting_a_slip_is_unsafe_because_it_silences() -> None:
    (complaint,) = complaints(Source("a.py", b"run()  # celery-lint: ignore[print-in-tsk]\n"))
    assert complaint.message.endswith("did you mean `print-in-task`?")
    assert complaint.fix is not None
    assert complaint.fix.applicability is Applicability.UNSAFE


@pytest.mark.parametrize("comment", ["ignore", "ignore[]", "ignore CEL102", "disable[CEL102]", "ignroe[CEL102]"])
def test_what_is_no_suppression_is_said_and_left_alone(comment: str) -> None:
    (complaint,) = complaints(Source("a.py", f"run()  # celery-lint: {comment}\n".encode()))
    assert complaint.message.startswith("this silences nothing")
    assert complaint.fix is None


def test_nothing_but_suppressions_is_offered() -> None:
    assert list(silenced(sources=()).subjects(Finding)) == []
    assert list(silenced(sources=()).subjects(Suppression)) == []
