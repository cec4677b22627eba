"""What an editor offers to do about findings: fix one, all of a rule, all that is safe; silence; explain."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from lsprotocol import types
from msgspec import Struct

from celery_lint.cache.facts import FactStore
from celery_lint.finding import Edit, Finding
from celery_lint.regular import read_regular
from celery_lint.report.text import escape
from celery_lint.server.diagnostics import Desk, key_of
from celery_lint.server.fixes import repair_all, repairs_in, silenced
from celery_lint.server.snapshot import Repair, Snapshot

FIX_ALL = "source.fixAll.celery-lint"
EXPLAIN = "celery-lint.explain"
KINDS = (types.CodeActionKind.QuickFix, types.CodeActionKind.SourceFixAll, FIX_ALL)


class Request(Struct, frozen=True):
    """What is asked for: of the file PATH, at RANGE. ONLY are kinds of actions; none asks for all. SHOWN are the
    diagnostics that the editor shows there. RESOLVES: the editor asks for the edits of an action when it is chosen."""

    path: str
    uri: str
    range: types.Range
    only: tuple[str, ...] = ()
    shown: tuple[types.Diagnostic, ...] = ()
    resolves: bool = True

    def wants(self, kind: str) -> bool:
        """Whether actions of KIND are asked for."""
        return not self.only or any(kind == each or kind.startswith(f"{each}.") for each in self.only)


class Later(Struct, frozen=True):
    """An action whose edits are worked out when it is chosen: fix all in the document URI, or all of the rule CODE."""

    uri: str
    code: str | None = None
    unsafe: bool = False

    def packed(self) -> dict[str, object]:
        """What the editor keeps for us."""
        return {"uri": self.uri, "code": self.code, "unsafe": self.unsafe}

    @staticmethod
    def unpacked(data: object) -> Later | None:
        """What the editor has kept; None when that is not ours."""
        if not isinstance(data, Mapping) or not isinstance(data.get("uri"), str):
            return None
        code = data.get("code")
        return Later(data["uri"], code if isinstance(code, str) else None, data.get("unsafe") is True)


def actions(request: Request, snapshot: Snapshot, desk: Desk, store: FactStore) -> Iterator[types.CodeAction]:
    """All that can be done. SNAPSHOT is of the file as it is now."""
    if request.wants(types.CodeActionKind.QuickFix):
        here = list(_at(request, snapshot, desk))
        keys = {key_of(finding) for finding in here}
        for repair in repairs_in(snapshot, request.path):
            edit = workspace_edit(repair, desk) if key_of(repair.findings[0]) in keys else None
            if edit is not None:
                yield _quick_fix(repair, edit, request)
        for finding in _first_of_each_rule(here):
            yield from _all_of_rule(finding, request, snapshot, desk, store)
        for finding in here:
            yield from _silencing(finding, request, snapshot, desk)
        for finding in _first_of_each_rule(here):
            yield _explanation(finding, request)
    if request.wants(FIX_ALL):
        yield from _all_safe(request, snapshot, desk, store)


def resolved(later: Later, path: str, snapshot: Snapshot, desk: Desk, store: FactStore) -> types.WorkspaceEdit | None:
    """The edits of an action that was offered without them."""
    repair = repair_all(snapshot, path, store, code=later.code, unsafe=later.unsafe)
    return workspace_edit(repair, desk) if repair is not None else None


def workspace_edit(repair: Repair, desk: Desk) -> types.WorkspaceEdit | None:
    """REPAIR for the editor; None when a file of it is not as it was when it was looked at."""
    by_path: dict[str, list[Edit]] = {}
    for edit in repair.edits:
        by_path.setdefault(edit.path, []).append(edit)
    if not all(_is_as_it_was(repair, path, desk) for path in by_path):
        return None
    changed: list[types.TextDocumentEdit | types.CreateFile | types.RenameFile | types.DeleteFile] = []
    plain: dict[str, list[types.TextEdit]] = {}
    for path, edits in sorted(by_path.items()):
        document = desk.documents.get(path)
        places = [(desk.range(repair.sources[path], edit.span), edit.text) for edit in edits]
        texts = [types.TextEdit(where, text) for where, text in places if where is not None]
        identifier = types.OptionalVersionedTextDocumentIdentifier(
            uri=desk.uri(path), version=document.version if document is not None else None
        )
        changed.append(types.TextDocumentEdit(identifier, list(texts)))
        plain[desk.uri(path)] = texts
    if desk.takes_versions:
        return types.WorkspaceEdit(document_changes=changed)
    return types.WorkspaceEdit(changes=plain)


def _is_as_it_was(repair: Repair, path: str, desk: Desk) -> bool:
    document = desk.documents.get(path)
    if document is not None:
        return document.data == repair.sources[path].data
    try:
        return read_regular(desk.root / path) == repair.sources[path].data
    except OSError:
        return False


def _at(request: Request, snapshot: Snapshot, desk: Desk) -> Iterator[Finding]:
    """The findings that the range touches, and those that the editor names."""
    named = {
        each.data["finding"] for each in request.shown if isinstance(each.data, Mapping) and "finding" in each.data
    }
    for finding in snapshot.findings:
        source = snapshot.sources.get(finding.location.path) if finding.location.path == request.path else None
        where = desk.range(source, finding.location.span) if source is not None else None
        if where is not None and (key_of(finding) in named or _touch(where, request.range)):
            yield finding


def _touch(one: types.Range, other: types.Range) -> bool:
    return _order(one.start) <= _order(other.end) and _order(other.start) <= _order(one.end)


def _order(position: types.Position) -> tuple[int, int]:
    return position.line, position.character


def _first_of_each_rule(findings: Iterable[Finding]) -> Sequence[Finding]:
    return list({finding.code: finding for finding in reversed(list(findings))}.values())[::-1]


def _quick_fix(repair: Repair, edit: types.WorkspaceEdit, request: Request) -> types.CodeAction:
    return types.CodeAction(
        title=f"{escape(repair.title)}{'' if repair.safe else ' (unsafe)'}",
        kind=types.CodeActionKind.QuickFix,
        diagnostics=_shown(repair.findings[0], request),
        edit=edit,
        is_preferred=repair.safe or None,
    )


def _all_of_rule(
    finding: Finding, request: Request, snapshot: Snapshot, desk: Desk, store: FactStore
) -> Iterator[types.CodeAction]:
    """One fix for all findings of a rule, where there are several."""
    repairs = [each for each in repairs_in(snapshot, request.path) if each.findings[0].code == finding.code]
    safe = all(repair.safe for repair in repairs)
    if len(repairs) > 1:
        title = f"Fix all {len(repairs)} {finding.name} ({finding.code}) in this file{'' if safe else ' (unsafe)'}"
        action = types.CodeAction(title, types.CodeActionKind.QuickFix, _shown(finding, request))
        yield from _ready(action, Later(request.uri, finding.code, not safe), request, snapshot, desk, store)


def _all_safe(request: Request, snapshot: Snapshot, desk: Desk, store: FactStore) -> Iterator[types.CodeAction]:
    if any(repair.safe for repair in repairs_in(snapshot, request.path)):
        action = types.CodeAction("Fix all that is safe to fix (celery-lint)", FIX_ALL)
        yield from _ready(action, Later(request.uri), request, snapshot, desk, store)


def _ready(
    action: types.CodeAction, later: Later, request: Request, snapshot: Snapshot, desk: Desk, store: FactStore
) -> Iterator[types.CodeAction]:
    """ACTION, with its edits for an editor that does not ask for them later."""
    if request.resolves:
        action.data = later.packed()
        yield action
    elif request.only:  # judging again takes its time: not whenever the cursor moves
        action.edit = resolved(later, request.path, snapshot, desk, store)
        if action.edit is not None:
            yield action


def _silencing(finding: Finding, request: Request, snapshot: Snapshot, desk: Desk) -> Iterator[types.CodeAction]:
    """A comment that says that FINDING is as it should be."""
    repair = silenced(snapshot, finding)
    edit = workspace_edit(repair, desk) if repair is not None else None
    if repair is not None and edit is not None:
        yield types.CodeAction(repair.title, types.CodeActionKind.QuickFix, _shown(finding, request), edit=edit)


def _explanation(finding: Finding, request: Request) -> types.CodeAction:
    title = f"Explain {finding.name} ({finding.code})"
    return types.CodeAction(
        title,
        types.CodeActionKind.QuickFix,
        _shown(finding, request),
        command=types.Command(title, EXPLAIN, arguments=[finding.code]),
    )


def _shown(finding: Finding, request: Request) -> list[types.Diagnostic] | None:
    """The diagnostic of FINDING as the editor has it."""
    key = key_of(finding)
    found = [each for each in request.shown if isinstance(each.data, Mapping) and each.data.get("finding") == key]
    return (found or [each for each in request.shown if each.code == finding.code])[:1] or None
