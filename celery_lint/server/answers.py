"""Questions of an editor, and who answers them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from lsprotocol import types

from celery_lint.server.actions import KINDS, Later, Request, actions, resolved
from celery_lint.server.cards import without_markup
from celery_lint.server.definition import definitions, references
from celery_lint.server.diagnostics import locations_of
from celery_lint.server.editor import Server
from celery_lint.server.hover import hover_at
from celery_lint.server.lens import lenses
from celery_lint.server.workspace import View

# Seconds that a question waits for what was typed just now.
PATIENCE = 5.0
_AtPosition = types.HoverParams | types.DefinitionParams | types.ReferenceParams


def answer_questions(server: Server) -> None:
    """From now on SERVER answers."""
    _answer_about_places(server)
    _answer_about_actions(server)
    if server.options.lens:

        @server.feature(types.TEXT_DOCUMENT_CODE_LENS)
        async def code_lens(params: types.CodeLensParams) -> list[types.CodeLens] | None:
            view = await server.space.settled(params.text_document.uri, PATIENCE)
            return list(lenses(view.snapshot, view.path, view.desk)) if view is not None else None


def _answer_about_places(server: Server) -> None:
    @server.feature(types.TEXT_DOCUMENT_HOVER)
    def hover(params: types.HoverParams) -> types.Hover | None:
        found = _found(server, params)
        card = hover_at(found[0].snapshot, found[0].path, found[1]) if found is not None else None
        if found is None or card is None:
            return None
        view, span, lines = found[0], *card
        return types.Hover(_markup(server, lines), view.desk.range(view.snapshot.sources[view.path], span))

    @server.feature(types.TEXT_DOCUMENT_DEFINITION)
    def definition(params: types.DefinitionParams) -> list[types.Location] | None:
        found = _found(server, params)
        if found is None:
            return None
        view, offset = found
        return locations_of(definitions(view.snapshot, view.path, offset), view.snapshot, view.desk) or None

    @server.feature(types.TEXT_DOCUMENT_REFERENCES)
    def all_references(params: types.ReferenceParams) -> list[types.Location] | None:
        found = _found(server, params)
        if found is None:
            return None
        view, offset = found
        return locations_of(references(view.snapshot, view.path, offset), view.snapshot, view.desk) or None


def _answer_about_actions(server: Server) -> None:
    options = types.CodeActionOptions(list(KINDS), resolve_provider=True)

    @server.feature(types.TEXT_DOCUMENT_CODE_ACTION, options)
    async def code_action(params: types.CodeActionParams) -> list[types.CodeAction] | None:
        view = await server.space.current(params.text_document.uri, PATIENCE)
        if view is None:
            return None
        request = Request(
            view.path,
            params.text_document.uri,
            params.range,
            tuple(str(getattr(kind, "value", kind)) for kind in params.context.only or ()),
            tuple(params.context.diagnostics),
            _resolves(server),
        )
        work = server.space.analyst.call(lambda: list(actions(request, view.snapshot, view.desk, view.store)))
        return await asyncio.wrap_future(work)

    @server.feature(types.CODE_ACTION_RESOLVE)
    async def resolve(action: types.CodeAction) -> types.CodeAction:
        later = Later.unpacked(action.data)
        view = await server.space.current(later.uri, PATIENCE) if later is not None else None
        if later is not None and view is not None:
            work = server.space.analyst.call(lambda: resolved(later, view.path, view.snapshot, view.desk, view.store))
            action.edit = await asyncio.wrap_future(work)
        return action


def _found(server: Server, params: _AtPosition) -> tuple[View, int] | None:
    """What is known of the project of a place in a document, and the byte that is meant."""
    view = server.space.find(params.text_document.uri)
    source = view.snapshot.sources.get(view.path) if view is not None else None
    offset = view.desk.offset(source, params.position) if view is not None and source is not None else None
    return (view, offset) if view is not None and offset is not None else None


def _markup(server: Server, lines: Sequence[str]) -> types.MarkupContent:
    text = server.client_capabilities.text_document
    formats = (text.hover.content_format if text and text.hover else None) or [types.MarkupKind.Markdown]
    if types.MarkupKind.Markdown in formats:
        return types.MarkupContent(types.MarkupKind.Markdown, "\n".join(lines))
    return types.MarkupContent(types.MarkupKind.PlainText, without_markup(lines))


def _resolves(server: Server) -> bool:
    """Whether the editor asks for the edits of an action when it is chosen."""
    text = server.client_capabilities.text_document
    support = text.code_action.resolve_support if text and text.code_action else None
    return support is not None and "edit" in support.properties
