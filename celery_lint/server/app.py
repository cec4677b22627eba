"""The server: what the protocol asks, and who answers it."""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence

from lsprotocol import types

from celery_lint.server.answers import answer_questions
from celery_lint.server.commands import do_commands
from celery_lint.server.editor import Server
from celery_lint.server.options import ServerOptions
from celery_lint.server.positions import Units
from celery_lint.server.uris import real_path, uri_of
from celery_lint.server.watching import WATCHERS, is_of_interest

_UNITS: tuple[Units, ...] = ("utf-8", "utf-16", "utf-32")


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
        projects = server.space.projects
        for uri in folders:
            projects.folders = projects.folders.added(uri)
        encoding = server.workspace.position_encoding
        server.space.units = next((units for units in _UNITS if encoding == units), "utf-16")
        edits = params.capabilities.workspace.workspace_edit if params.capabilities.workspace else None
        server.space.takes_versions = bool(edits and edits.document_changes)

    @server.feature(types.INITIALIZED)
    def initialized(params: types.InitializedParams) -> None:
        server.space.start()
        _watch_files(server)

    @server.feature(types.SHUTDOWN)
    def shutdown(params: None) -> None:
        server.was_shut_down = True
        server.space.analyst.end()

    _feel_documents(server)
    _feel_files(server)
    answer_questions(server)
    do_commands(server)
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
        projects = server.space.projects
        for folder in params.event.removed:
            projects.folders = projects.folders.removed(folder.uri)
        for folder in params.event.added:
            projects.folders = projects.folders.added(folder.uri)
        server.space.survey()


def _touched(server: Server, uris: Sequence[str]) -> None:
    paths = [path for uri in uris if (path := real_path(uri)) is not None]
    server.space.touched([path for path in paths if is_of_interest(path)])


def _watch_files(server: Server) -> None:
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
    # An editor that says no goes without.
    server.client_register_capability(types.RegistrationParams([registration]))
