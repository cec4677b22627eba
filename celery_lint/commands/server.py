"""`celery-lint server`: the Language Server Protocol over stdio."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from celery_lint.errors import UserError


def serve(*, lint_on: Literal["change", "save"], lens: bool, no_cache: bool, cache_dir: Path | None) -> int:
    """Serve the editor that has started this process; the exit status. Raises UserError without the extra."""
    try:
        from celery_lint.server.app import serve
    except ModuleNotFoundError as error:
        if error.name is not None and error.name.partition(".")[0] in ("pygls", "lsprotocol"):
            raise UserError('the server needs pygls: pip install "celery-lint[lsp]"') from None
        raise
    from celery_lint.server.options import ServerOptions

    return serve(ServerOptions(lint_on=lint_on, lens=lens, no_cache=no_cache, cache_dir=cache_dir))
