"""A real client of the protocol, for tests that are no coroutines: pygls's own, in a thread."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
import time
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

from cattrs import Converter
from lsprotocol import types
from pygls.lsp.client import LanguageClient
from pygls.protocol import default_converter

Answer = TypeVar("Answer")
PATIENCE = 30.0

CAPABILITIES = types.ClientCapabilities(
    text_document=types.TextDocumentClientCapabilities(
        hover=types.HoverClientCapabilities(content_format=[types.MarkupKind.Markdown]),
        code_action=types.CodeActionClientCapabilities(
            data_support=True,
            resolve_support=types.ClientCodeActionResolveOptions(["edit"]),
            code_action_literal_support=types.ClientCodeActionLiteralOptions(
                types.ClientCodeActionKindOptions([types.CodeActionKind.QuickFix, types.CodeActionKind.SourceFixAll])
            ),
        ),
    ),
    workspace=types.WorkspaceClientCapabilities(
        workspace_edit=types.WorkspaceEditClientCapabilities(document_changes=True),
        did_change_watched_files=types.DidChangeWatchedFilesClientCapabilities(dynamic_registration=True),
        workspace_folders=True,
    ),
    window=types.WindowClientCapabilities(True, show_document=types.ShowDocumentClientCapabilities(True)),
)


def _converter() -> Converter:
    """That of pygls, which takes an action with a command for a bare command."""
    make: Callable[[], Converter] = default_converter
    converter = make()

    def structure(found: dict[str, object], _: object) -> types.Command | types.CodeAction:
        if isinstance(found.get("command"), str):
            return converter.structure(found, types.Command)
        return converter.structure(found, types.CodeAction)

    converter.register_structure_hook(types.Command | types.CodeAction, structure)
    return converter


class Client:
    """An editor: it starts the server, opens folders and files, and keeps what it is told."""

    def __init__(self, *options: str) -> None:
        self.options = options
        self.diagnostics: dict[str, list[types.Diagnostic]] = {}
        self.messages: list[str] = []
        self.logged: list[str] = []
        self.registered: list[types.Registration] = []
        self.shown: list[types.ShowDocumentParams] = []
        self.offered: list[str] = []
        self.choice = 0
        self.progress: list[str] = []
        self.texts: dict[str, tuple[int, str]] = {}
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.protocol = LanguageClient("tests", "1", converter_factory=_converter)
        self.capabilities = types.ServerCapabilities()
        self._listen()

    def _listen(self) -> None:
        listen: Callable[[str], Callable[[Callable[[Any], object]], object]] = self.protocol.feature
        listen(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)(lambda params: self._published(params))
        listen(types.WINDOW_LOG_MESSAGE)(lambda params: self.logged.append(params.message))
        listen(types.WINDOW_SHOW_MESSAGE)(lambda params: self.messages.append(params.message))
        listen(types.WINDOW_SHOW_MESSAGE_REQUEST)(lambda params: self._choose(params))
        listen(types.WINDOW_WORK_DONE_PROGRESS_CREATE)(lambda params: None)
        listen(types.PROGRESS)(lambda params: self.progress.append(params.value.kind))
        listen(types.WINDOW_SHOW_DOCUMENT)(lambda params: self._show(params))
        listen(types.CLIENT_REGISTER_CAPABILITY)(lambda params: self.registered.extend(params.registrations))

    def _published(self, params: types.PublishDiagnosticsParams) -> None:
        self.diagnostics[params.uri] = list(params.diagnostics)

    def _show(self, params: types.ShowDocumentParams) -> types.ShowDocumentResult:
        self.shown.append(params)
        return types.ShowDocumentResult(True)

    def _choose(self, params: types.ShowMessageRequestParams) -> types.MessageActionItem:
        self.offered = [action.title for action in params.actions or ()]
        return types.MessageActionItem(self.offered[self.choice])

    def __enter__(self) -> Client:
        self.thread.start()
        self.ask(self.protocol.start_io(sys.executable, "-m", "celery_lint", "server", *self.options))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.server.returncode is None:
            self.server.kill()
        stop: Callable[[], Coroutine[object, object, None]] = self.protocol.stop
        self.ask(stop())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()

    @property
    def server(self) -> asyncio.subprocess.Process:
        """The process of the server."""
        found = self.protocol._server
        assert found is not None
        return found

    def end(self) -> int:
        """Say goodbye; the exit status of the server."""
        self.ask(self.protocol.shutdown_async(None))
        self.tell(lambda: self.protocol.exit(None))
        return self.ask(self.server.wait())

    def send(self, data: bytes) -> None:
        """Write DATA to the server as it is."""

        async def write() -> None:
            assert self.server.stdin is not None
            self.server.stdin.write(data)
            await self.server.stdin.drain()

        self.ask(write())

    def hang_up(self) -> int:
        """Be gone without a word; the exit status of the server."""

        async def close() -> int:
            assert self.server.stdin is not None
            self.server.stdin.close()
            return await self.server.wait()

        return self.ask(close())

    def errors(self) -> str:
        """What the server, which has ended, wrote to stderr."""

        async def read() -> bytes:
            assert self.server.stderr is not None
            return await self.server.stderr.read()

        return self.ask(read()).decode()

    def ask(self, question: Coroutine[object, object, Answer]) -> Answer:
        """The answer to QUESTION."""
        return asyncio.run_coroutine_threadsafe(question, self.loop).result(PATIENCE)

    def tell(self, say: Callable[[], object]) -> None:
        """Do SAY in the thread that talks to the server."""

        async def do() -> None:
            say()

        self.ask(do())

    def start(self, *folders: Path, capabilities: types.ClientCapabilities = CAPABILITIES) -> types.InitializeResult:
        """Shake hands, with FOLDERS open."""
        workspace = [types.WorkspaceFolder(folder.as_uri(), folder.name) for folder in folders]
        params = types.InitializeParams(
            capabilities=capabilities, process_id=os.getpid(), workspace_folders=workspace or None
        )
        result = self.ask(self.protocol.initialize_async(params))
        self.capabilities = result.capabilities
        self.tell(lambda: self.protocol.initialized(types.InitializedParams()))
        return result

    def open(self, path: Path, text: str | None = None) -> str:
        """Open PATH, with TEXT if it is to differ from the file; its URI."""
        return self.open_as(path.as_uri(), path.read_bytes().decode() if text is None else text)

    def open_as(self, uri: str, text: str) -> str:
        """Open something called URI."""
        self.texts[uri] = (1, text)
        item = types.TextDocumentItem(uri, "python", 1, text)
        self.tell(lambda: self.protocol.text_document_did_open(types.DidOpenTextDocumentParams(item)))
        return uri

    def change(self, uri: str, text: str) -> None:
        """Type, without saving."""
        version = self.texts[uri][0] + 1
        self.texts[uri] = (version, text)
        params = types.DidChangeTextDocumentParams(
            types.VersionedTextDocumentIdentifier(version=version, uri=uri),
            [types.TextDocumentContentChangeWholeDocument(text=text)],
        )
        self.tell(lambda: self.protocol.text_document_did_change(params))

    def close(self, uri: str) -> None:
        """Close without saving."""
        del self.texts[uri]
        params = types.DidCloseTextDocumentParams(types.TextDocumentIdentifier(uri))
        self.tell(lambda: self.protocol.text_document_did_close(params))

    def codes(self, uri: str) -> list[str]:
        """The codes that are shown in URI."""
        return [str(each.code) for each in self.diagnostics.get(uri, [])]

    def until(self, is_so: Callable[[], bool]) -> None:
        """Wait until IS_SO."""
        end = time.monotonic() + PATIENCE
        while not is_so():
            assert time.monotonic() < end, f"it never came: {self.diagnostics} {self.messages} {self.logged}"
            time.sleep(0.01)

    def position(self, uri: str, text: str, after: int = 0) -> types.Position:
        """Where TEXT stands in the document URI, AFTER characters further."""
        content = self.texts[uri][1]
        before = content[: content.index(text) + after]
        line = before.count("\n")
        last = before.rpartition("\n")[2]
        return types.Position(line, len(last.encode("utf-16-le")) // 2)

    def actions(self, uri: str, where: types.Position, *only: str) -> dict[str, types.CodeAction]:
        """What can be done in URI at WHERE, by title."""
        at = (where.line, where.character)
        shown = [
            each
            for each in self.diagnostics.get(uri, [])
            if (each.range.start.line, each.range.start.character)
            <= at
            <= (each.range.end.line, each.range.end.character)
        ]
        context = types.CodeActionContext(shown, list(only) or None)
        params = types.CodeActionParams(types.TextDocumentIdentifier(uri), types.Range(where, where), context)
        found = self.ask(self.protocol.text_document_code_action_async(params))
        return {action.title: action for action in found or [] if isinstance(action, types.CodeAction)}

    def hover(self, uri: str, where: types.Position) -> str:
        """What is said about WHERE in URI."""
        params = types.HoverParams(types.TextDocumentIdentifier(uri), where)
        found = self.ask(self.protocol.text_document_hover_async(params))
        if found is None:
            return ""
        assert isinstance(found.contents, types.MarkupContent)
        return found.contents.value

    def lenses(self, uri: str) -> list[tuple[int, str]]:
        """The lines of URI that have a lens, and what it says."""
        params = types.CodeLensParams(types.TextDocumentIdentifier(uri))
        found = self.ask(self.protocol.text_document_code_lens_async(params))
        return [(lens.range.start.line, lens.command.title) for lens in found or [] if lens.command is not None]

    def definition(self, uri: str, where: types.Position) -> list[types.Location]:
        """Where what stands at WHERE in URI is defined."""
        params = types.DefinitionParams(types.TextDocumentIdentifier(uri), where)
        found = self.ask(self.protocol.text_document_definition_async(params))
        return [each for each in found if isinstance(each, types.Location)] if isinstance(found, list) else []

    def references(self, uri: str, where: types.Position) -> list[types.Location]:
        """What uses what stands at WHERE in URI."""
        context = types.ReferenceContext(False)
        params = types.ReferenceParams(context, types.TextDocumentIdentifier(uri), where)
        found = self.ask(self.protocol.text_document_references_async(params))
        return list(found or ())

    def resolve(self, action: types.CodeAction) -> types.WorkspaceEdit | None:
        """The edit of ACTION, which was offered without it."""
        assert action.edit is None
        return self.ask(self.protocol.code_action_resolve_async(action)).edit

    def run(self, action: types.CodeAction) -> None:
        """Do the command of ACTION."""
        assert action.command is not None
        self.command(action.command)

    def command(self, command: types.Command) -> None:
        """Do COMMAND."""
        params = types.ExecuteCommandParams(command.command, list(command.arguments or []))
        self.ask(self.protocol.workspace_execute_command_async(params))

    def apply(self, edit: types.WorkspaceEdit) -> None:
        """Change the open documents as EDIT says, as an editor does that counts in UTF-16."""
        for each in edit.document_changes or []:
            assert isinstance(each, types.TextDocumentEdit)
            version, text = self.texts[each.text_document.uri]
            assert each.text_document.version == version
            self.change(each.text_document.uri, edited(text, each.edits))


def edited(text: str, edits: Sequence[types.TextEdit | types.AnnotatedTextEdit | types.SnippetTextEdit]) -> str:
    """TEXT after EDITS, which count in UTF-16."""
    starts = [0]
    for line in text.splitlines(keepends=True):
        starts.append(starts[-1] + len(line.encode("utf-16-le")) // 2)
    units = text.encode("utf-16-le")

    def at(position: types.Position) -> int:
        return starts[position.line] + position.character

    for edit in sorted(edits, key=lambda each: at(each.range.start), reverse=True):
        assert isinstance(edit, types.TextEdit)
        start, end = at(edit.range.start) * 2, at(edit.range.end) * 2
        units = units[:start] + edit.new_text.encode("utf-16-le") + units[end:]
    return units.decode("utf-16-le")
