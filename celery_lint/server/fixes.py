"""Edits that an editor is to make: the fixes of findings, one by one or all at once.

This runs where projects are looked at; `actions` puts it into the words of the protocol.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher

from celery_lint.cache.facts import FactStore
from celery_lint.comments.place import place
from celery_lint.crash import Crash, attempt
from celery_lint.finding import Applicability, Edit, Finding, Span
from celery_lint.fix.attach import attach
from celery_lint.fix.engine import plan
from celery_lint.run import run
from celery_lint.server.snapshot import Repair, Snapshot
from celery_lint.source import Source

# Comparing more lines than this one by one takes longer than anybody waits.
_MOST_LINES = 20_000


def repairs_in(snapshot: Snapshot, path: str) -> Sequence[Repair]:
    """How each finding in the file PATH is fixed that is not left to people."""
    if path not in snapshot.repairs:
        findings = [finding for finding in snapshot.findings if finding.location.path == path]
        snapshot.repairs[path] = tuple(_repairs(snapshot, findings))
    return snapshot.repairs[path]


def _repairs(snapshot: Snapshot, findings: Sequence[Finding]) -> Iterator[Repair]:
    for finding in _attached(snapshot, findings):
        fix = finding.fix
        if fix is not None and fix.applicability is not Applicability.DISPLAY:
            sources = {edit.path: snapshot.source(edit.path) for edit in fix.edits}
            yield Repair(fix.title, fix.edits, sources, (finding,), fix.applicability is Applicability.SAFE)


def _attached(snapshot: Snapshot, findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """FINDINGS with their fixes; one whose fix cannot be made for a mistake of ours does not cost the others theirs."""
    found = attempt(lambda: attach(findings, snapshot.source))
    if not isinstance(found, Crash):
        return found
    if len(findings) == 1:
        return ()
    return tuple(attached for finding in findings for attached in _attached(snapshot, [finding]))


def silenced(snapshot: Snapshot, finding: Finding) -> Repair | None:
    """How a comment silences FINDING; None where there is no place for one, or it is about a comment itself."""
    source = snapshot.source(finding.location.path)
    insertion = place(source, finding.location.span, finding.code, "") if finding.code != "CEL001" else None
    if insertion is None or not insertion.text:
        return None
    edit = Edit(source.path, Span(insertion.at, insertion.at), source.decode(insertion.text))
    return Repair(f"Silence {finding.code} with a comment", (edit,), {source.path: source}, (finding,))


def repair_all(
    snapshot: Snapshot, path: str, store: FactStore, *, code: str | None = None, unsafe: bool = False
) -> Repair | None:
    """How all findings in the file PATH are fixed that can be: those of the rule CODE, or of every rule; the unsafe
    fixes only if UNSAFE. The project is judged again after each round. None when nothing would change."""

    def wanted(finding: Finding) -> bool:
        return finding.location.path == path and code in (None, finding.code)

    def rejudge(changed: Mapping[str, bytes]) -> tuple[Finding, ...]:
        done = run(snapshot.configuration, {**snapshot.overlay, **changed}, store=store, with_fixes=False)
        return tuple(filter(wanted, snapshot.scope.of(done.report).findings))

    findings = tuple(filter(wanted, snapshot.findings))
    planned = plan(snapshot.root, findings, unsafe=unsafe, rejudge=rejudge, source_of=snapshot.source)
    if not planned.after:
        return None
    sources = {each: Source(each, before) for each, before in planned.before.items()}
    edits = tuple(edit for each, after in planned.after.items() for edit in changes(sources[each], after))
    title = f"Fix all {code} in this file" if code is not None else "Fix all that is safe to fix"
    return Repair(title, edits, sources, planned.fixed, not unsafe)


def changes(source: Source, after: bytes) -> Sequence[Edit]:
    """Edits that make AFTER of SOURCE, line by line."""
    old, new = source.data.splitlines(keepends=True), after.splitlines(keepends=True)
    if len(old) + len(new) > _MOST_LINES:
        return [Edit(source.path, Span(0, len(source.data)), source.decode(after))]
    starts = [0]
    for line in old:
        starts.append(starts[-1] + len(line))
    return [
        Edit(source.path, Span(starts[first], starts[last]), source.decode(b"".join(new[low:high])))
        for tag, first, last, low, high in SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
        if tag != "equal"
    ]
