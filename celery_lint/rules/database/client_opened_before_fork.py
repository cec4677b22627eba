"""CEL303: connections and clients that forked workers share."""

from __future__ import annotations

from collections.abc import Iterator

from celery_lint.finding import Finding, Related
from celery_lint.project.database.early_clients import EarlyClient, EarlyClients
from celery_lint.project.project import Project
from celery_lint.rule import ERROR, MEDIUM, WARNING, rule


@rule("CEL303", "client-opened-before-fork", since="0.1", severity=ERROR, confidence=MEDIUM)
def check(project: Project) -> Iterator[Finding]:
    """A connection or client is opened while modules are imported, so forked workers share it."""
    for client in EarlyClients(project).find():
        yield _finding(client, project)


def _finding(client: EarlyClient, project: Project) -> Finding:
    *callers, last = client.way
    app = project.forking.loads(client.way[0].path)
    return check.finding(
        f"{_message(client)}; make it in a `worker_process_init` handler, or where a task first needs it",
        last.location,
        f"client:{client.made.path}:{client.name}",
        related=(
            *((Related(client.made.location, "made here"),) if client.made.location != last.location else ()),
            *(Related(step.location, "called at import") for step in callers),
            *(Related(user.location, f"used in `{user.label}`") for user in client.users[:3]),
            *((Related(app.location, f"the workers of `{app.name}` import that file"),) if app is not None else ()),
        ),
        severity=ERROR if client.garbles else WARNING,
    )


def _message(client: EarlyClient) -> str:
    what = f"`{client.name}` is {client.what}"
    if client.made.location != client.way[-1].location:
        return (
            f"{what} that is used here while the file is imported, before the worker forks: its processes share the "
            "open connection and get each other's responses"
        )
    if client.garbles:
        return (
            f"{what} that is open before the worker forks: its processes write to one socket and get each other's "
            "results, often without any error"
        )
    return (
        f"{what} that is made before the worker forks: its processes inherit the sockets and locks but not the threads "
        "behind them, and can hang"
    )
