"""Reports that a consumer of a format has to cope with."""

from __future__ import annotations

from pathlib import Path

from msgspec.structs import replace

from celery_lint.finding import Applicability, Confidence, Edit, Finding, Fix, Location, Related, Severity, Span
from celery_lint.project.model import Statistics
from celery_lint.report.model import Report
from celery_lint.source import Source

SCHEMAS = Path(__file__).parent / "schemas"
LOOKED_AT = Statistics(files=9, celery_files=4, apps=1, tasks=7, queues=2, workers=2)
NASTY = (
    "`проект.задачи.отправить` 🚀 \u202eevil\u2066 ::error::x ##vso[task.setvariable variable=PATH]y ##[group]z "
    "</script><img src=x onerror=alert(1)> ]]> <!-- | `a|b` %0A%25 & \"q\" 'a' [click](http://evil.example) "
    "www.evil.example @admin #1 :smile: **b** \x1b[31m\x00\x07\udcff\n::stop-commands::x\r::add-mask::y {0}"
)
ODD_PATH = "проект/за дачи,1:2%#?&|`]]>'\"🚀.py"
TEXT = "# ##[error] 🚀\nимя = отправить.delay('</script>')\n::warning::x\n\tпечать(]]>)\n"


def plain(**changes: object) -> Finding:
    """A finding like any other."""
    base = Finding(
        code="CEL102",
        name="run-until-complete-in-task",
        severity=Severity.ERROR,
        confidence=Confidence.HIGH,
        message="task `send` drives an event loop by hand: use `asyncio.run()`",
        location=Location("proj/tasks.py", Span(0, 6)),
        entity="task:proj.tasks.send",
    )
    return replace(base, **changes)


def at(needle: str, path: str = ODD_PATH) -> Location:
    """Where NEEDLE stands in TEXT."""
    start = TEXT.encode().index(needle.encode())
    return Location(path, Span(start, start + len(needle.encode())))


def report(*findings: Finding, **changes: object) -> Report:
    """FINDINGS, as a run hands them to those who write."""
    files = {
        "proj/tasks.py": Source("proj/tasks.py", b"import asyncio\n\n\nloop.run_until_complete(work())\n"),
        "pyproject.toml": Source("pyproject.toml", b"[project]\n"),
        ODD_PATH: Source(ODD_PATH, TEXT.encode()),
    }
    base = Report(Path("/home/me/proj"), findings, 3, LOOKED_AT, files.__getitem__, anchor="pyproject.toml")
    return replace(base, **changes)


def hostile(**changes: object) -> Report:
    """Findings with everything that a project can put into them."""
    call = at("отправить.delay('</script>')")
    fix = Fix(
        "Write `имя` `##[x]` \udcff",
        Applicability.UNSAFE,
        (Edit(ODD_PATH, at("имя").span, "名前 = '</script>]]>##[x]'\n"), Edit("proj/tasks.py", Span(0, 0), "# 🚀\n")),
    )
    return report(
        plain(
            message=NASTY,
            location=call,
            entity=f"task:{NASTY}",
            related=(Related(Location("proj/tasks.py", Span(0, 6)), NASTY), Related(at("\tпечать(]]>)\n"), "и здесь")),
            fix=fix,
        ),
        plain(message="тот же", location=call, severity=Severity.INFO, withheld="потому что `##[x]` \udcff"),
        plain(message="тот же", location=call, severity=Severity.INFO),
        plain(location=Location(ODD_PATH, Span(0, len(TEXT.encode()))), severity=Severity.WARNING),
        plain(code="internal-error", name="internal-error", location=Location(".", Span(0, 0)), entity="rule:CEL103"),
        repository="backend/",
        **changes,
    )
