"""The editor that has started this process, and what is said to it."""

from __future__ import annotations

import logging
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

    def report_server_error(self, error: Exception, source: object) -> None:
        """What goes wrong in one request is for the log: nobody wants to be interrupted by it."""
        logging.getLogger(__name__).error("%s", error)
