"""The editor that has started this process, and what is said to it."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Sequence

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from celery_lint import __version__
from celery_lint.report.text import escape, escape_lines
from celery_lint.server.options import ServerOptions
from celery_lint.server.workspace import Workspace


class Server(LanguageServer):
    """One editor, and the workspace that it has open."""

    def __init__(self, options: ServerOptions) -> None:
        # Whole texts: pygls splits lines at more characters than editors do.
        super().__init__("celery-lint", __version__, types.TextDocumentSyncKind.Full)
        self.options = options
        self.space = Workspace(options, self)
        self.was_shut_down = False
        self._busy: dict[str, str] = {}
        self._begun: set[str] = set()

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

    def inform(self, message: str) -> None:
        """The answer to something that the user did."""
        self.window_show_message(types.ShowMessageParams(types.MessageType.Info, escape(message)))

    def refresh(self) -> None:
        """Lenses may be others now."""
        workspace = self.client_capabilities.workspace
        if self.options.lens and workspace and workspace.code_lens and workspace.code_lens.refresh_support:
            self.workspace_code_lens_refresh(None)

    def begin(self, name: str) -> None:
        """The project called NAME is read for the first time, which takes a while."""
        window = self.client_capabilities.window
        if window is None or not window.work_done_progress:
            return
        token = str(uuid.uuid4())
        self._busy[name] = token

        def agreed(_: object) -> None:
            if self._busy.get(name) == token:
                self._begun.add(token)
                begin = types.WorkDoneProgressBegin("celery-lint", message=f"reading {escape(name)}")
                self.work_done_progress.begin(token, begin)

        self.work_done_progress.create(token, agreed)

    def end(self, name: str) -> None:
        """It was read."""
        token = self._busy.pop(name, None)
        if token in self._begun:
            self._begun.remove(token)
            self.work_done_progress.end(token, types.WorkDoneProgressEnd())

    def report_server_error(self, error: Exception, source: object) -> None:
        """What goes wrong in one request is for the log: nobody wants to be interrupted by it."""
        logging.getLogger(__name__).error("%s", error)
