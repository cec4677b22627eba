"""`celery-lint server`: the Language Server Protocol over stdio."""

from __future__ import annotations

from celery_lint.errors import UserError
from celery_lint.server.options import ServerOptions


def serve(options: ServerOptions) -> int:
    """Serve the editor that has started this process; the exit status. Raises UserError without the extra."""
    try:
        from celery_lint.server.app import serve
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] in ("pygls", "lsprotocol"):
            raise UserError('the server needs pygls: pip install "celery-lint[lsp]"') from None
        raise
    return serve(options)
