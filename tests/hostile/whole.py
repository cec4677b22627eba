"""Everything that celery-lint does with a project, in this process: read, link, judge, fix, report, draw."""

from __future__ import annotations

import signal
import tempfile
import unicodedata
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from msgspec.structs import replace

from celery_lint.cache.facts import FactStore
from celery_lint.comments.directives import directives, noqas
from celery_lint.configfile import locate
from celery_lint.errors import UserError
from celery_lint.facts.deploy import read as read_deploy
from celery_lint.facts.deploy import reads
from celery_lint.facts.deploy.merge import merge_alternatives
from celery_lint.facts.python.reader import read
from celery_lint.finding import Finding
from celery_lint.project.code.imports import imported_names
from celery_lint.repair import plan_fixes
from celery_lint.report.concise import concise
from celery_lint.report.full import full
from celery_lint.report.json import json
from celery_lint.report.terminal import Terminal
from celery_lint.run import run
from celery_lint.settings import load, override
from celery_lint.source import Source
from celery_lint.testing.checking import write
from celery_lint.views.dot import dot
from celery_lint.views.drawing import draw
from celery_lint.views.html import html
from celery_lint.views.mermaid import mermaid
from celery_lint.views.model import Place

FAILED = "celery-lint itself failed"


class TookTooLong(BaseException):
    """Not even code that catches every exception goes on."""


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Raise `TookTooLong` in whatever takes more than SECONDS of CPU."""

    def stop(*_: object) -> None:
        raise TookTooLong

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def read_file(path: str, data: bytes) -> None:
    """Read one file in every way in which it may be read, whether a task reaches it or not."""
    if path.endswith(".py"):
        facts = read(path, data)
        assert facts.error is None or "\n" not in facts.error.message
        imported_names(data)
    elif reads(path):
        merge_alternatives([read_deploy(path, data)])
    source = Source(path, data)
    for directive in (*directives(source), *noqas(source)):
        source.position(directive.span.start)


def lint(files: Mapping[str, bytes]) -> tuple[Finding, ...]:
    """Do everything with the project of FILES; its findings. Raises what goes wrong, also where a run would go on."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder).resolve()
        write(root, dict(files))
        return lint_folder(root)


def lint_folder(root: Path, *, fixes: bool = True) -> tuple[Finding, ...]:
    """The same with the project at ROOT."""
    configuration = override(load(locate(root, isolated=True)), {"preset": "strict"})
    try:
        done = run(configuration, with_fixes=fixes)
    except UserError as error:
        if "nothing to read" not in str(error):
            raise
        return ()
    assert not done.crashed, "\n".join(done.crashed.values())
    report = done.report
    failed = [finding.message for finding in report.findings if FAILED in finding.message]
    assert not failed, failed
    for lines in (concise, full):
        for line in lines(replace(report, shown=""), Terminal()):
            shown = "".join(char for char in line if unicodedata.category(char) != "Zs")
            assert shown.isprintable(), line
    json(report)
    picture = draw("x", done.projects, report.findings, Place("pyproject.toml", 1))
    for each in (*dot(picture), *mermaid(picture), html(picture, "")):
        each.encode("utf-8", "backslashreplace")
    if fixes:
        plan_fixes(done, configuration, (".",), FactStore(), unsafe=True)
    return report.findings
