"""Applies the fixes of findings: in memory, judged again round by round, and written only at the end.

Nothing is half done. A fix whose result does not compile, or whose finding is still there afterwards, is
taken back and named in the report.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from celery_lint.finding import Applicability, Edit, Finding
from celery_lint.fix.attach import attach
from celery_lint.fix.outcome import Withheld
from celery_lint.fix.patch import PYTHON, compiles, patched
from celery_lint.fix.sweep import Helper, helpers_of, sweep
from celery_lint.fix.write import WriteError, write
from celery_lint.remedy import RunCoroutines
from celery_lint.source import Source

ROUNDS = 10  # fixes that keep making new findings stop here

# Judges the project again with the bytes of some files replaced; paths are relative to the root, with `/`.
Rejudge = Callable[[Mapping[str, bytes]], tuple[Finding, ...]]


class Refusal(Struct, frozen=True):
    """A file that stays as it was, or one finding in it that stays, and why: one line for people."""

    path: str
    reason: str
    finding: Finding | None = None


class Plan(Struct, frozen=True):
    """What fixing would do. BEFORE and AFTER are the bytes of the files that change; REMAINING is judged on
    AFTER. TOGETHER are paths that make sense only when all of them change, those last that others do not need
    any more."""

    before: Mapping[str, bytes]
    after: Mapping[str, bytes]
    fixed: tuple[Finding, ...]
    remaining: tuple[Finding, ...]
    refused: tuple[Refusal, ...] = ()
    together: tuple[tuple[str, ...], ...] = ()

    def parts(self) -> list[list[str]]:
        """The paths that change, those that belong together in one list, in the order in which to write them."""
        parts = [{path} for path in self.after]
        for paths in map(set, self.together):
            joined = set().union(*(part for part in parts if part & paths))
            parts = [part for part in parts if not part & paths] + ([joined] if joined else [])
        rank = {path: index for paths in self.together for index, path in enumerate(paths)}
        return sorted(sorted(part, key=lambda path: (rank.get(path, 0), path)) for part in parts)


class FixReport(Struct, frozen=True):
    """What was done: the findings fixed, the paths written, and what remains to be reported."""

    fixed: tuple[Finding, ...]
    written: tuple[str, ...]
    remaining: tuple[Finding, ...]
    refused: tuple[Refusal, ...] = ()


def plan(
    root: Path,
    findings: Iterable[Finding],
    *,
    unsafe: bool,
    rejudge: Rejudge,
    source_of: Callable[[str], Source] | None = None,
) -> Plan:
    """Fix FINDINGS in memory, again and again until nothing changes, in at most `ROUNDS` rounds.

    UNSAFE also applies the fixes that need a look. REJUDGE must select findings the way FINDINGS were. SOURCE_OF has
    the files as FINDINGS were found in them; they may have changed since.
    """
    work = _Work(root, rejudge, unsafe, source_of)
    current = work.attached(findings)
    for _ in range(ROUNDS):
        judged = work.round(current)
        if judged is None:
            break
        current = judged
    return work.finish(current)


def apply(root: Path, findings: Iterable[Finding], *, unsafe: bool, rejudge: Rejudge) -> FixReport:
    """Fix FINDINGS and write the files, each one whole or not at all."""
    planned = plan(root, findings, unsafe=unsafe, rejudge=rejudge)
    return carry_out(root, planned, rejudge)


def carry_out(root: Path, planned: Plan, rejudge: Rejudge) -> FixReport:
    """Write what PLANNED says. A file that cannot be written keeps its old content and its findings."""
    written: list[str] = []
    refused = list(planned.refused)
    for part in planned.parts():
        try:
            write(root, planned.before, {path: planned.after[path] for path in part})
            written += part
        except WriteError as error:
            refused.append(Refusal(error.path, f"{error.path} was not fixed: {error}"))
            refused += [
                Refusal(path, f"{path} was not fixed: it has to change together with {error.path}")
                for path in part
                if path != error.path
            ]
    if len(written) == len(planned.after):
        return FixReport(planned.fixed, tuple(written), planned.remaining, tuple(refused))
    remaining = rejudge({path: planned.after[path] for path in written})
    fixed = tuple(finding for finding in planned.fixed if _paths(finding) <= set(written))
    return FixReport(fixed, tuple(written), remaining, tuple(refused))


def _paths(finding: Finding) -> set[str]:
    return {edit.path for edit in finding.fix.edits} if finding.fix is not None else set()


class _Work:
    """The state of one run: the bytes of changed files, and the findings that are not tried again."""

    def __init__(
        self, root: Path, rejudge: Rejudge, unsafe: bool, source_of: Callable[[str], Source] | None = None
    ) -> None:
        self.root = root
        self.rejudge = rejudge
        self.unsafe = unsafe
        self.source_of = source_of or (lambda path: Source(path, (root / path).read_bytes()))
        self.together: list[tuple[str, ...]] = []
        self.before: dict[str, bytes] = {}
        self.after: dict[str, bytes] = {}
        self.fixed: list[Finding] = []
        self.refused: list[Refusal] = []
        self.helpers: set[Helper] = set()
        self.given_up: set[_Key] = set()

    def source(self, path: str) -> Source:
        """The file at PATH as it is now."""
        if path in self.after:
            return Source(path, self.after[path])
        if path not in self.before:
            self.before[path] = self.source_of(path).data
        return Source(path, self.before[path])

    def attached(self, findings: Iterable[Finding]) -> tuple[Finding, ...]:
        return attach(findings, self.source)

    def round(self, findings: Sequence[Finding]) -> tuple[Finding, ...] | None:
        """Apply the fixes that do not disturb each other; the findings afterwards, None when nothing changed."""
        chosen = without_overlaps(finding for finding in findings if self._may_apply(finding))
        while chosen:
            changed, chosen = self._composed(chosen)
            if not chosen:
                return None if not self._more(findings) else tuple(findings)
            judged = self.rejudge({**self.after, **changed})
            uncured = _uncured(findings, chosen, judged)
            if not uncured:
                return self._accept(chosen, changed, judged)
            for finding in uncured:
                self._give_up(finding, "the finding would still be there after its fix")
            chosen = [finding for finding in chosen if finding not in uncured]
        return None if not self._more(findings) else tuple(findings)

    def _more(self, findings: Sequence[Finding]) -> bool:
        """Whether a finding can still be tried, now that others were given up."""
        return any(self._may_apply(finding) for finding in findings)

    def _may_apply(self, finding: Finding) -> bool:
        if finding.fix is None or _key(finding) in self.given_up:
            return False
        allowed = (Applicability.SAFE, Applicability.UNSAFE) if self.unsafe else (Applicability.SAFE,)
        return finding.fix.applicability in allowed

    def _composed(self, chosen: Sequence[Finding]) -> tuple[dict[str, bytes], list[Finding]]:
        """The new bytes of the files that CHOSEN change, and the findings whose fixes went in."""
        changed = self._patched(chosen)
        if changed is not None:
            return changed, list(chosen)
        good: list[Finding] = []
        for finding in chosen:  # one of them breaks a file: find out which
            if self._patched([*good, finding]) is None:
                self._give_up(finding, "the result would not compile")
            else:
                good.append(finding)
        return self._patched(good) or {}, good

    def _patched(self, chosen: Sequence[Finding]) -> dict[str, bytes] | None:
        edits = merged(chosen)
        changed: dict[str, bytes] = {}
        for path in {edit.path for edit in edits}:
            source = self.source(path)
            try:
                changed[path] = patched(source, (edit for edit in edits if edit.path == path))
            except Withheld:
                return None
            if path.endswith(PYTHON) and not compiles(changed[path]):
                return None
        return changed

    def _accept(
        self, chosen: Sequence[Finding], changed: Mapping[str, bytes], judged: Iterable[Finding]
    ) -> tuple[Finding, ...]:
        for finding in chosen:
            self.helpers |= helpers_of(finding, self.source)
            # What it is about comes first: until that is written, the rest is in use.
            self.together.append((finding.location.path, *sorted(_paths(finding) - {finding.location.path})))
        self.after.update(changed)
        self.fixed += chosen
        return self.attached(judged)

    def _give_up(self, finding: Finding, reason: str) -> None:
        self.given_up.add(_key(finding))
        path = finding.location.path
        self.refused.append(Refusal(path, f"{path}: {finding.code} was not fixed: {reason}", finding))

    def finish(self, remaining: tuple[Finding, ...]) -> Plan:
        """Delete the helpers that nothing uses any more, and sum up."""
        swept = sweep(self.root, self.source, self.helpers) if self.helpers else {}
        if swept:
            judged = self.rejudge({**self.after, **swept})
            if all(map(compiles, swept.values())) and len(judged) <= len(remaining):
                for path in swept:
                    self.source(path)
                self.after.update(swept)
                # A helper may go only when all that used it was written.
                users = {path for finding in self.fixed if _has_helper(finding) for path in _paths(finding)}
                holders = {helper.path for helper in self.helpers} & swept.keys()
                self.together.append((*sorted((users | swept.keys()) - holders), *sorted(holders)))
                remaining = self.attached(judged)
        after = {path: data for path, data in self.after.items() if data != self.before[path]}
        before = {path: self.before[path] for path in after}
        return Plan(before, after, tuple(self.fixed), remaining, tuple(self.refused), tuple(self.together))


def _has_helper(finding: Finding) -> bool:
    return isinstance(finding.remedy, RunCoroutines) and bool(finding.remedy.removable)


_Key = tuple[str, str, str]


def _key(finding: Finding) -> _Key:
    """What stays of a finding's identity when lines move."""
    return finding.code, finding.location.path, finding.entity


def _uncured(before: Sequence[Finding], chosen: Sequence[Finding], after: Iterable[Finding]) -> list[Finding]:
    """Those of CHOSEN of which there are not fewer AFTER their fix."""
    had, treated, have = (Counter(map(_key, findings)) for findings in (before, chosen, after))
    return [finding for finding in chosen if have[_key(finding)] > had[_key(finding)] - treated[_key(finding)]]


# Fixes that can be applied together


def without_overlaps(findings: Iterable[Finding]) -> list[Finding]:
    """Findings whose fixes do not touch each other, in order; the first one of two wins.

    Edits that touch count as overlapping. The same edit (path, span and text) in two fixes is one edit.
    """
    chosen: list[Finding] = []
    taken: list[Edit] = []
    for finding in sorted(findings, key=_position):
        edits = finding.fix.edits if finding.fix is not None else ()
        fresh = [edit for edit in edits if edit not in taken]
        if not any(_touch(one, two) for one in fresh for two in taken):
            chosen.append(finding)
            taken += fresh
    return chosen


def _position(finding: Finding) -> tuple[str, int, int]:
    edits = finding.fix.edits if finding.fix is not None else ()
    first = max(edits, key=lambda edit: (edit.path, edit.span), default=None)
    return (first.path, first.span.start, first.span.end) if first is not None else ("", 0, 0)


def _touch(one: Edit, two: Edit) -> bool:
    return one.path == two.path and one.span.start <= two.span.end and two.span.start <= one.span.end


def merged(findings: Iterable[Finding]) -> list[Edit]:
    """All edits of FINDINGS in order, equal ones once."""
    edits = {edit: None for finding in findings if finding.fix is not None for edit in finding.fix.edits}
    return sorted(edits, key=lambda edit: (edit.path, edit.span))
