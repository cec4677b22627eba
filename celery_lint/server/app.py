"""The server: what the protocol asks, and who answers it."""

from __future__ import annotations

import gc
import logging
import sys
from collections.abc import Sequence

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from celery_lint import __version__
from celery_lint.report.text import escape, escape_lines
from celery_lint.server.cards import without_markup
from celery_lint.server.definition import definitions, references
from celery_lint.server.diagnostics import Desk, locations_of
from celery_lint.server.hover import hover_at
from celery_lint.server.lens import lenses
from celery_lint.server.options import ServerOptions
from celery_lint.server.snapshot import Snapshot
from celery_lint.server.uris import real_path, uri_of
from celery_lint.server.watching import WATCHERS, is_of_interest
from celery_lint.server.workspace import Workspace

_AtPosition = types.HoverParams | types.DefinitionParams | types.ReferenceParams

# Seconds that a request waits for what was typed just now.
_PATIENCE = 5.0


class Server(LanguageServer):
    """One editor, and the workspace that it has open."""

    def __init__(self, options: ServerOptions) -> None:
        # Whole texts: pygls splits lines at more characters than editors do.
        super().__init__("celery-lint", __version__, types.TextDocumentSyncKind.Full)
        self.options = options
        self.space = Workspace(options, self)
        self.was_shut_down = False

    # what is said to the editor

    def publish(self, uri: str, version: int | None, found: Sequence[types.Diagnostic]) -> None:
        """These are all diagnostics of URI."""
        self.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, list(found), version))

    def log(self, message: str) -> None:
        """For those who want to know how it went."""
        self.window_log_message(types.LogMessageParams(types.MessageType.Log, escape_lines(message)))

    def complain(self, message: str) -> None:
        """Something that the user has to know."""
        self.window_show_message(types.ShowMessageParams(types.MessageType.Error, f"celery-lint: {escape(message)}"))

    def refresh(self) -> None:
        """Lenses may be others now."""
        workspace = self.client_capabilities.workspace
        if self.options.lens and workspace and workspace.code_lens and workspace.code_lens.refresh_support:
            self.workspace_code_lens_refresh(None)

    def report_server_error(self, error: Exception, source: object) -> None:
        """What goes wrong in one request is for the log: nobody wants to be interrupted by it."""
        logging.getLogger(__name__).error("%s", error)


def make_server(options: ServerOptions) -> Server:
    """A server that was started with OPTIONS and has not been spoken to."""
    server = Server(options)

    @server.feature(types.INITIALIZE)
    def initialize(params: types.InitializeParams) -> None:
        folders = [folder.uri for folder in params.workspace_folders or ()]
        if not folders and params.root_uri:
            folders = [params.root_uri]
        if not folders and params.root_path:
            folders = [uri_of(params.root_path)]
        for uri in folders:
            server.space.folders = server.space.folders.added(uri)
        encoding = str(getattr(server.workspace.position_encoding, "value", server.workspace.position_encoding))
        server.space.units = "utf-8" if encoding == "utf-8" else "utf-32" if encoding == "utf-32" else "utf-16"

    @server.feature(types.INITIALIZED)
    async def initialized(params: types.InitializedParams) -> None:
        server.space.start()
        await _watch_files(server)

    @server.feature(types.SHUTDOWN)
    def shutdown(params: None) -> None:
        server.was_shut_down = True
        server.space.analyst.end()

    _feel_documents(server)
    _feel_files(server)
    _answer(server)
    return server


def serve(options: ServerOptions) -> int:
    """Serve the editor that has started this process; the exit status."""
    gc.freeze()
    server = make_server(options)
    stdout, sys.stdout = sys.stdout, sys.stderr  # whatever prints would break the protocol
    server.start_io(stdout=stdout.buffer)
    server.space.analyst.end()
    return 0 if server.was_shut_down else 1


def _feel_documents(server: Server) -> None:
    @server.feature(types.TEXT_DOCUMENT_DID_OPEN)
    def did_open(params: types.DidOpenTextDocumentParams) -> None:
        document = params.text_document
        server.space.opened(document.uri, document.version, document.text)

    @server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    def did_change(params: types.DidChangeTextDocumentParams) -> None:
        document = params.text_document
        text = server.workspace.get_text_document(document.uri).source
        server.space.changed(document.uri, document.version, text)

    @server.feature(types.TEXT_DOCUMENT_DID_SAVE)
    def did_save(params: types.DidSaveTextDocumentParams) -> None:
        server.space.saved(params.text_document.uri)

    @server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    def did_close(params: types.DidCloseTextDocumentParams) -> None:
        server.space.closed(params.text_document.uri)


def _feel_files(server: Server) -> None:
    @server.feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    def did_change_watched_files(params: types.DidChangeWatchedFilesParams) -> None:
        _touched(server, [change.uri for change in params.changes])

    every = types.FileOperationRegistrationOptions(
        [types.FileOperationFilter(types.FileOperationPattern("**/*"), scheme="file")]
    )

    @server.feature(types.WORKSPACE_DID_RENAME_FILES, every)
    def did_rename_files(params: types.RenameFilesParams) -> None:
        _touched(server, [uri for file in params.files for uri in (file.old_uri, file.new_uri)])

    @server.feature(types.WORKSPACE_DID_DELETE_FILES, every)
    def did_delete_files(params: types.DeleteFilesParams) -> None:
        _touched(server, [file.uri for file in params.files])

    @server.feature(types.WORKSPACE_DID_CREATE_FILES, every)
    def did_create_files(params: types.CreateFilesParams) -> None:
        _touched(server, [file.uri for file in params.files])

    @server.feature(types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS)
    def did_change_workspace_folders(params: types.DidChangeWorkspaceFoldersParams) -> None:
        for folder in params.event.removed:
            server.space.folders = server.space.folders.removed(folder.uri)
        for folder in params.event.added:
            server.space.folders = server.space.folders.added(folder.uri)
        server.space.survey()


def _answer(server: Server) -> None:
    @server.feature(types.TEXT_DOCUMENT_HOVER)
    def hover(params: types.HoverParams) -> types.Hover | None:
        found = _found(server, params)
        card = hover_at(found[0], found[1], found[3]) if found is not None else None
        if found is None or card is None:
            return None
        snapshot, path, desk, _ = found
        span, lines = card
        return types.Hover(_markup(server, lines), desk.range(snapshot.sources[path], span))

    @server.feature(types.TEXT_DOCUMENT_DEFINITION)
    def definition(params: types.DefinitionParams) -> list[types.Location] | None:
        found = _found(server, params)
        if found is None:
            return None
        snapshot, path, desk, offset = found
        return locations_of(definitions(snapshot, path, offset), snapshot, desk) or None

    @server.feature(types.TEXT_DOCUMENT_REFERENCES)
    def all_references(params: types.ReferenceParams) -> list[types.Location] | None:
        found = _found(server, params)
        if found is None:
            return None
        snapshot, path, desk, offset = found
        return locations_of(references(snapshot, path, offset), snapshot, desk) or None

    if server.options.lens:

        @server.feature(types.TEXT_DOCUMENT_CODE_LENS)
        async def code_lens(params: types.CodeLensParams) -> list[types.CodeLens] | None:
            await server.space.settled(params.text_document.uri, _PATIENCE)
            known = server.space.find(params.text_document.uri)
            return list(lenses(*known)) if known is not None else None


def _found(server: Server, params: _AtPosition) -> tuple[Snapshot, str, Desk, int] | None:
    """What is known of the project of a place in a document: its path in it, and the byte that is meant."""
    known = server.space.find(params.text_document.uri)
    if known is None:
        return None
    snapshot, path, desk = known
    source = snapshot.sources.get(path)
    offset = desk.offset(source, params.position) if source is not None else None
    return (snapshot, path, desk, offset) if offset is not None else None


def _markup(server: Server, lines: Sequence[str]) -> types.MarkupContent:
    text = server.client_capabilities.text_document
    formats = (text.hover.content_format if text and text.hover else None) or [types.MarkupKind.Markdown]
    if types.MarkupKind.Markdown in formats:
        return types.MarkupContent(types.MarkupKind.Markdown, "\n".join(lines))
    return types.MarkupContent(types.MarkupKind.PlainText, without_markup(lines))


def _touched(server: Server, uris: Sequence[str]) -> None:
    paths = [path for uri in uris if (path := real_path(uri)) is not None]
    server.space.touched([path for path in paths if is_of_interest(path)])


async def _watch_files(server: Server) -> None:
    workspace = server.client_capabilities.workspace
    watched = workspace.did_change_watched_files if workspace else None
    if watched is None or not watched.dynamic_registration:
        return
    watchers = [types.FileSystemWatcher(glob) for glob in WATCHERS]
    registration = types.Registration(
        "celery-lint-files",
        types.WORKSPACE_DID_CHANGE_WATCHED_FILES,
        types.DidChangeWatchedFilesRegistrationOptions(watchers),
    )
    try:
        await server.client_register_capability_async(types.RegistrationParams([registration]))
    except Exception as error:  # noqa: BLE001 -- an editor that says no goes without
        logging.getLogger(__name__).warning("files are not watched: %s", error)
