"""LINK: the workers that are started or declared: which app, which queues, which pool."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from celery_lint.facts.deploy.celery_command import Invocation
from celery_lint.facts.model import Command
from celery_lint.finding import Location, Span
from celery_lint.project.code.values import Evaluator, Known, Unknown
from celery_lint.project.deployment.commands import Commands, Declared, Started
from celery_lint.project.model import App, CeleryCommand, Worker
from celery_lint.project.settings.apps import Draft

GREEN = frozenset({"gevent", "eventlet"})


class WorkerFinder:
    """Gives the commands of a project their applications, which were MADE of drafts (by their identity), and tells
    which of them are workers."""

    def __init__(self, evaluator: Evaluator, made: dict[int, App]) -> None:
        self.evaluator = evaluator
        self.made = made
        self.commands: list[CeleryCommand] = []

    def find(self, commands: Commands) -> Iterator[Worker]:
        """All workers: those of deployment files, of launchers, and those that the configuration declares."""
        for started in commands.started:
            yield from self._started(started)
        for declared in commands.declared:
            yield self._declared(declared)

    def _started(self, started: Started) -> Iterator[Worker]:
        command, parsed = started.command, started.invocation
        app, known = self._one(started.drafts)
        place = Location(command.path, command.span)
        self.commands.append(CeleryCommand(command, parsed, place, _label(command), app, known, started.names_app))
        if parsed.is_worker or parsed.subcommand == "multi":
            yield self._worker(command, parsed, app, known)

    def _declared(self, declared: Declared) -> Worker:
        worker = declared.worker
        app, known = self._one(declared.drafts)
        place = Location("pyproject.toml", Span(0, 0))
        queues = worker.queues or None
        label = "a worker declared in the configuration"
        return Worker(None, place, label, app, known, queues, Known(worker.pool), worker.concurrency)

    def _one(self, drafts: Sequence[Draft]) -> tuple[App | None, bool]:
        """The application that DRAFTS are, and whether it is known: there is just one."""
        apps = list(dict.fromkeys(self.made[id(draft)] for draft in drafts))
        return (apps[0], True) if len(apps) == 1 else (None, False)

    def _worker(self, command: Command, parsed: Invocation, app: App | None, known: bool) -> Worker:
        queues = parsed.queues
        return Worker(
            command=command,
            location=Location(command.path, command.span),
            label=_label(command),
            app=app,
            app_is_known=known,
            queues=queues if queues is None or isinstance(queues, tuple) else Unknown("its queues are computed"),
            pool=self._pool(parsed, app),
            concurrency=_number(parsed.value("concurrency")),
            has_time_limit=any(parsed.value(name) is not None for name in ("time_limit", "soft_time_limit")),
            excludes_queues=parsed.exclude_queues is not None,
            invocation=parsed,
        )

    def _pool(self, parsed: Invocation, app: App | None) -> Known[str] | Unknown:
        pool = parsed.pool
        if isinstance(pool, str) and pool != "prefork":
            return Known(pool)
        if pool is not None and not isinstance(pool, str):
            return Unknown("the command's pool is computed")
        # An explicit `--pool=prefork` does not win over the setting (celery/bin/worker.py: WorkersPool.convert).
        if app is None:
            return Known("prefork") if not self.made else Unknown("its application is not known")
        setting = app.settings.get("worker_pool")
        if setting is not None:
            known = self.evaluator.text(setting.value)
            return Known(known.value) if isinstance(known, Known) else known
        return Unknown("its settings cannot all be seen") if app.settings.open and pool is None else Known("prefork")


def _number(text: object) -> int | None:
    return int(text) if isinstance(text, str) and text.isdecimal() and len(text) < 10 else None


def _label(command: Command) -> str:
    words = [word.text if word.text is not None else word.raw for word in command.words]
    text = " ".join(words)
    shown = text if len(text) <= 90 else f"{text[:87]}..."
    return f"{command.service}: {shown}" if command.service else shown
