"""Fixes made by another process, where LibCST is loaded: remedies go there, and what came of them comes back."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from celery_lint import remedy as remedies
from celery_lint.cache.stamp import digest
from celery_lint.finding import Finding, Fix
from celery_lint.remedy import Remedy
from celery_lint.source import Source


class Made(Struct, frozen=True, array_like=True):
    """What came of one remedy: a FIX, or why it is WITHHELD; made of FILES, by path, with these contents (digests)."""

    fix: Fix | None
    withheld: str | None
    files: dict[str, bytes]


def attach_elsewhere(
    findings: Sequence[Finding],
    make: Callable[[bytes], bytes],
    source_of: Callable[[str], Source],
    made: Callable[[Finding, frozenset[str]], None],
) -> tuple[Finding, ...] | None:
    """What `attach` gives for FINDINGS, from the process that MAKE asks; None when it could not be asked, or has seen
    other files than SOURCE_OF gives. MADE is told of each finding that got its fix or the reason for none."""
    wanted = {
        number: finding.remedy
        for number, finding in enumerate(findings)
        if finding.remedy is not None and finding.fix is None and finding.withheld is None
    }
    outcomes = dict(zip(wanted, _outcomes(tuple(wanted.values()), make), strict=False))
    contents = {path: content for each in outcomes.values() for path, content in each.files.items()}
    if len(outcomes) < len(wanted) or any(digest(source_of(path).data) != each for path, each in contents.items()):
        return None
    attached = list(findings)
    for number, outcome in outcomes.items():
        attached[number] = replace(findings[number], fix=outcome.fix, withheld=outcome.withheld)
        made(attached[number], frozenset(outcome.files))
    return tuple(attached)


def _outcomes(wanted: Sequence[Remedy], make: Callable[[bytes], bytes]) -> list[Made]:
    try:
        request = msgspec.msgpack.encode([(type(each).__name__, msgspec.msgpack.encode(each)) for each in wanted])
        return msgspec.msgpack.decode(make(request), type=list[Made])
    except (msgspec.MsgspecError, UnicodeEncodeError, OverflowError):
        return []


def answer(request: bytes, source_of: Callable[[str], Source]) -> bytes:
    """What the other process answers. SOURCE_OF gives the files as it sees them."""
    from celery_lint.fix.attach import carry_out_all

    kinds = msgspec.msgpack.decode(request, type=list[tuple[str, bytes]])
    wanted = [msgspec.msgpack.decode(data, type=getattr(remedies, name)) for name, data in kinds]
    made = [
        Made(fix, withheld, {path: digest(source_of(path).data) for path in paths})
        for fix, withheld, paths in carry_out_all(wanted, source_of)
    ]
    return msgspec.msgpack.encode(made)
