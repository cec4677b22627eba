"""Running cases: what was reported against what was expected, in words."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from celery_lint.finding import Finding, Location
from celery_lint.source import Source
from celery_lint.testing.cases import Case, Fixed
from celery_lint.testing.engine import CeleryLint, Engine
from celery_lint.testing.expectations import Expected


class Reported(Struct, frozen=True):
    """One finding with its place as people count it. RELATED are `path:line message` of its related locations."""

    finding: Finding
    path: str
    line: int
    column: int
    related: tuple[str, ...] = ()

    def __str__(self) -> str:
        finding = self.finding
        place = f"{self.path}:{self.line}:{self.column}"
        return f"{place}: {finding.severity.label} {finding.code} {finding.name} {finding.message}"

    @property
    def brief(self) -> str:
        """`path:line CODE`."""
        return f"{self.path}:{self.line} {self.finding.code}"


class AfterFix(Struct, frozen=True):
    """What one flag made of a case: the files that changed, what is reported now, what a second run changed."""

    flag: str
    changed: Mapping[str, str]
    reported: tuple[Reported, ...]
    changed_again: tuple[str, ...]


class Outcome(Struct, frozen=True):
    """What linting a case gave, and what fixing it gave, flag by flag."""

    reported: tuple[Reported, ...]
    fixed: tuple[AfterFix, ...] = ()


def lint(files: Mapping[str, str | bytes], *, engine: Engine | None = None, **settings: object) -> list[Reported]:
    """Lint FILES as one project in an empty folder, and return what is reported in the order of the places.

    SETTINGS are keys of `[tool.celery-lint]`, with `_` for `-`: `select=["CEL102"]`. Fixes are computed.
    """
    configuration = {"celery-lint.toml": _toml(settings)} if settings else {}
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder).resolve()
        write(root, {**files, **configuration})
        return list(_reported(engine or CeleryLint(), root, None))


def check(case: Case, *, engine: Engine | None = None) -> list[str]:
    """What is wrong with CASE, one sentence each, with the line of the page; empty when it passes."""
    with tempfile.TemporaryDirectory() as folder:
        outcome = run(case, Path(folder).resolve(), engine=engine)
    return problems(case, outcome)


def run(case: Case, folder: Path, *, engine: Engine | None = None) -> Outcome:
    """Lint CASE in FOLDER/project, and once more in a folder of its own for every flag it expects a result of."""
    linter = engine or CeleryLint()
    root = folder / "project"
    write(root, case.files)
    reported = _reported(linter, root, case.select)
    fixed = tuple(_fix(case, one.flag, folder / one.flag.strip("-"), linter) for one in case.fixed)
    return Outcome(reported, fixed)


def problems(case: Case, outcome: Outcome) -> list[str]:
    """How OUTCOME differs from what CASE expects."""
    found = [f"{case.origin(path, line)}: {text}" for path, line, text in _compare(case.expected, outcome.reported)]
    for want, got in zip(case.fixed, outcome.fixed, strict=True):
        found += [f"{case.page}:{case.line}: after `{want.flag}`: {text}" for text in _compare_fix(case, want, got)]
    return found


def write(root: Path, files: Mapping[str, str | bytes]) -> None:
    """Write FILES below ROOT, making folders."""
    root.mkdir(parents=True, exist_ok=True)
    for path, content in files.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content if isinstance(content, bytes) else content.encode())


def report(root: Path, *, engine: Engine | None = None) -> tuple[Reported, ...]:
    """What is reported in the project at ROOT under its own configuration, without computing fixes."""
    return _reported(engine or CeleryLint(), root, None, with_fixes=False)


def _reported(
    linter: Engine, root: Path, select: Sequence[str] | None, *, with_fixes: bool = True
) -> tuple[Reported, ...]:
    sources: dict[str, Source] = {}
    findings = linter.findings(root, select, with_fixes=with_fixes)
    shown = (_place(finding, root, sources) for finding in findings)
    return tuple(sorted(shown, key=lambda each: (each.path, each.line, each.column, each.finding.code)))


def _place(finding: Finding, root: Path, sources: dict[str, Source]) -> Reported:
    def source(location: Location) -> Source:
        if location.path not in sources:
            sources[location.path] = Source(location.path, (root / location.path).read_bytes())
        return sources[location.path]

    at = finding.location
    position = source(at).position(at.span.start)
    related = tuple(
        f"{other.location.path}:{source(other.location).position(other.location.span.start).line} {other.message}"
        for other in finding.related
    )
    return Reported(finding, at.path, position.line, position.column, related)


def _fix(case: Case, flag: str, root: Path, linter: Engine) -> AfterFix:
    write(root, case.files)
    linter.fix(root, case.select, unsafe=flag == "--unsafe-fixes")
    once = _read(root, case.files)
    linter.fix(root, case.select, unsafe=flag == "--unsafe-fixes")
    twice = _read(root, case.files)
    reported = _reported(linter, root, case.select)
    changed = {path: text for path, text in once.items() if text != case.files[path]}
    return AfterFix(flag, changed, reported, tuple(path for path in once if once[path] != twice[path]))


def _read(root: Path, paths: Iterable[str]) -> dict[str, str]:
    return {path: (root / path).read_bytes().decode() for path in paths}


def _compare(expected: Iterable[Expected], reported: Iterable[Reported]) -> list[tuple[str, int, str]]:
    """Every expectation that nothing meets and every finding that nothing expects: path, line, sentence."""
    left = list(reported)
    missing: list[Expected] = []
    for want in expected:
        met = next((got for got in left if not _differences(want, got)), None)
        if met is None:
            missing.append(want)
        else:
            left.remove(met)
    return [
        *((want.path, want.line, f"expected {want}, {_instead(want, left)}") for want in missing),
        *((got.path, got.line, f"unexpected {got}") for got in left),
    ]


def _instead(want: Expected, left: Iterable[Reported]) -> str:
    here = [got for got in left if (got.path, got.line) == (want.path, want.line)]
    near = [got for got in here if want.code in (got.finding.code, got.finding.name)]
    if near:
        return f"but {'; '.join(_differences(want, near[0]))}"
    return f"but found {', '.join(map(str, here))}" if here else "but nothing is reported there"


def _differences(want: Expected, got: Reported) -> list[str]:
    finding = got.finding
    if (got.path, got.line) != (want.path, want.line) or want.code not in (finding.code, finding.name):
        return ["it is another finding"]
    wrong: list[str] = []
    if finding.severity.label != want.severity:
        wrong.append(f"it is of severity {finding.severity.label}")
    if want.column is not None and got.column != want.column:
        wrong.append(f"it is in column {got.column}")
    if want.message not in finding.message:
        wrong.append(f"its message is {finding.message!r}")
    if want.fix is not None and (finding.fix is None or finding.fix.applicability != want.fix):
        wrong.append(f"its fix is {finding.fix.applicability if finding.fix else 'none'}, not {want.fix}")
    if want.withheld is not None and want.withheld not in (finding.withheld or ""):
        wrong.append(f"the reason why it has no fix is {finding.withheld!r}, not {want.withheld!r}")
    wrong += [f"no related place is {text!r} in {got.related}" for text in want.related if not _any(text, got.related)]
    return wrong


def _any(text: str, lines: Iterable[str]) -> bool:
    return any(text in line for line in lines)


def _compare_fix(case: Case, want: Fixed, got: AfterFix) -> list[str]:
    found: list[str] = []
    for path, text in want.files.items():
        now = got.changed.get(path, case.files[path])
        if now != text:
            found.append(f"{path} should read\n{_indented(text)}\nbut reads\n{_indented(now)}")
    found += [f"{path} changed too:\n{_indented(got.changed[path])}" for path in got.changed.keys() - want.files.keys()]
    found += [f"a second run changes {path} again" for path in got.changed_again]
    remaining = [each for each in got.reported if each.path in want.files]
    return found + [text for _, _, text in _compare(want.expected, remaining)]


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.splitlines())


def _toml(settings: Mapping[str, object]) -> str:
    return "".join(f"{key.replace('_', '-')} = {_toml_value(value)}\n" for key, value in settings.items())


def _toml_value(value: object) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{json.dumps(key)} = {_toml_value(each)}" for key, each in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(_toml_value, value)) + "]"
    return json.dumps(value)
