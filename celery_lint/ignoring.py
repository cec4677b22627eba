"""`--add-ignore`: comments that silence what is found, where they do so and nothing else changes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

from msgspec import Struct

from celery_lint.comments.place import Insertion, place
from celery_lint.finding import Finding
from celery_lint.judge import INTERNAL_ERROR
from celery_lint.source import Source

_UNUSED = "CEL001"


class Silencing(Struct, frozen=True):
    """What adding comments would do: the bytes of the files that change BEFORE and AFTER, the findings that are then
    SILENCED, and of the others why they are not, one line each."""

    before: Mapping[str, bytes]
    after: Mapping[str, bytes]
    silenced: tuple[Finding, ...]
    refused: tuple[str, ...]

    def without(self, paths: Iterable[str], why: str) -> Silencing:
        """This, with the files PATHS as they were, because of WHY."""
        gone = set(paths)
        return Silencing(
            {path: data for path, data in self.before.items() if path not in gone},
            {path: data for path, data in self.after.items() if path not in gone},
            tuple(finding for finding in self.silenced if finding.location.path not in gone),
            (*self.refused, *(f"no comment was added in {path}: {why}" for path in sorted(gone))),
        )


def plan_silencing(
    findings: Sequence[Finding],
    source_of: Callable[[str], Source],
    reason: str,
    rejudge: Callable[[Mapping[str, bytes]], tuple[Finding, ...]],
) -> Silencing:
    """How to silence FINDINGS by comments, for REASON. REJUDGE finds again with the bytes of some files replaced: a
    file in which something is not silenced then stays as it was."""
    by_path: dict[str, list[Finding]] = {}
    refused: list[str] = []
    for finding in findings:
        why = _why_not(finding)
        if why:
            refused.append(why)
        else:
            by_path.setdefault(finding.location.path, []).append(finding)
    planned = Silencing({}, {}, (), tuple(refused))
    for path, group in sorted(by_path.items()):
        planned = _joined(planned, _in_file(source_of(path), group, reason))
    return _verified(planned, findings, rejudge) if planned.after else planned


def _why_not(finding: Finding) -> str | None:
    if finding.code == INTERNAL_ERROR:
        return "that celery-lint itself failed is not silenced"
    if finding.code == _UNUSED:
        return f"{finding.location.path}: {_UNUSED} is about a comment: --fix takes it out"
    if finding.location.path == ".":
        return f"{finding.code} is about the whole project and has no line: `ignore` in the configuration silences it"
    return None


def _joined(one: Silencing, other: Silencing) -> Silencing:
    return Silencing(
        {**one.before, **other.before},
        {**one.after, **other.after},
        (*one.silenced, *other.silenced),
        (*one.refused, *other.refused),
    )


def _in_file(source: Source, findings: Sequence[Finding], reason: str) -> Silencing:
    """Comments for FINDINGS, all in SOURCE."""
    before, done, refused = source.data, [], []
    insertions: list[Insertion] = []
    for finding in sorted(findings, key=lambda each: each.location.span, reverse=True):
        span = finding.location.span
        for earlier in insertions:
            span = earlier.moved(span)
        try:
            insertion = place(source, span, finding.code, reason)
        except (UnicodeError, LookupError):
            refused.append(f"{source.path}: its encoding cannot express the reason")
            break
        if insertion is None:
            refused.append(_no_place(source, finding))
            continue
        source = Source(source.path, insertion.into(source.data))
        insertions.append(insertion)
        done.append(finding)
    if not done:
        return Silencing({}, {}, (), tuple(refused))
    return Silencing({source.path: before}, {source.path: source.data}, tuple(done), tuple(refused))


def _no_place(source: Source, finding: Finding) -> str:
    line = source.position(finding.location.span.start).line
    return (
        f"{source.path}:{line}: there is no place for a comment about {finding.code}: "
        "`per-file-ignores` in the configuration, or a baseline, silences it"
    )


def _verified(
    planned: Silencing,
    findings: Sequence[Finding],
    rejudge: Callable[[Mapping[str, bytes]], tuple[Finding, ...]],
) -> Silencing:
    """PLANNED without the files in which what should be silenced is not, or something else is found."""
    expected = Counter(map(_key, findings)) - Counter(map(_key, planned.silenced))
    more = Counter(map(_key, rejudge(planned.after))) - expected
    wrong = {path for _, path, *_ in more} & planned.after.keys()
    return planned.without(wrong, "it would not silence what it is there for") if wrong else planned


def _key(finding: Finding) -> tuple[str, str, str]:
    """What stays of a finding when lines move."""
    return finding.code, finding.location.path, finding.entity
