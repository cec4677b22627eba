"""The workers of a picture, and what starts beat."""

from __future__ import annotations

from collections.abc import Iterator

from celery_lint.facts.deploy.celery_command import Invocation
from celery_lint.facts.model import Command
from celery_lint.project.code.values import Known, Unknown
from celery_lint.project.model import CeleryCommand, Worker
from celery_lint.views import model
from celery_lint.views.drawing.canvas import Canvas, computed, shortened

# Shown in a place of their own, or about logs and files only.
_ELSEWHERE = frozenset({
    "queues", "pool", "concurrency", "loglevel", "logfile", "pidfile", "uid", "gid", "umask", "detach", "workdir",
    "executable", "statedb", "quiet", "no_color",
})  # fmt: skip
_LONGEST_COMMAND = 240


def draw_workers(canvas: Canvas) -> Iterator[model.Worker]:
    """All workers."""
    for worker, identifier in canvas.workers.items():
        place = canvas.place(worker.location) if worker.command is not None else canvas.declared
        command, invocation = worker.command, worker.invocation
        yield model.Worker(
            id=identifier,
            label=_label(command, invocation),
            command=_command(command) if command is not None else None,
            place=place,
            app=canvas.apps[worker.app] if worker.app is not None else None,
            pool=worker.pool.value if isinstance(worker.pool, Known) else None,
            pool_open=_pool_open(worker),
            concurrency=_concurrency(worker),
            replicas=command.replicas if command is not None else None,
            queues=worker.queues if isinstance(worker.queues, tuple) else None,
            queues_open=_queues_open(worker),
            options=tuple(_options(canvas, worker)),
            problems=canvas.problems(worker.location, f"worker:{worker.label}", f"command:{worker.label}")
            if command is not None
            else (),
        )


def draw_beats(canvas: Canvas) -> Iterator[model.Beat]:
    """All commands that start beat."""
    for each in canvas.project.beats:
        owner = next(
            (identifier for worker, identifier in canvas.workers.items() if worker.invocation is each.invocation), None
        )
        yield model.Beat(
            label=_label(each.command, each.invocation),
            command=_command(each.command),
            place=canvas.place(each.location),
            app=canvas.apps[each.app] if each.app is not None else None,
            worker=owner,
            problems=_about(canvas, each),
        )


def _about(canvas: Canvas, command: CeleryCommand) -> tuple[int, ...]:
    return canvas.problems(command.location, command.entity)


def _label(command: Command | None, invocation: Invocation | None) -> str:
    if command is None:
        return "declared in the configuration"
    if invocation is not None and invocation.node:
        return f"{command.service or _file(command)} {invocation.node}"
    return command.service or _node(invocation) or _file(command)


def _node(invocation: Invocation | None) -> str | None:
    """The name that `--hostname=NAME@…` gives a worker."""
    word = invocation.options.get("hostname") if invocation is not None else None
    name = (word.text or "").partition("@")[0] if word is not None else ""
    return name if name and "%" not in name else None


def _file(command: Command) -> str:
    return command.path.rpartition("/")[2]


def _command(command: Command) -> str:
    text = " ".join(" ".join(word.raw if word.text is None else word.text for word in command.words).split())
    return text if len(text) <= _LONGEST_COMMAND else f"{text[: _LONGEST_COMMAND - 1]}…"


def _queues_open(worker: Worker) -> str | None:
    invocation = worker.invocation
    if worker.excludes_queues and invocation is not None:
        without = invocation.exclude_queues
        named = ", ".join(without) if isinstance(without, tuple) else "some that are computed"
        return f"all but {named}"
    if not isinstance(worker.queues, Unknown):
        return None
    if invocation is None:
        return worker.queues.why
    word = invocation.options.get("queues")
    return computed([word]) if word is not None else _hidden(worker)


def _hidden(worker: Worker) -> str:
    """Where options may be that are not written in the command."""
    words = worker.command.words if worker.command is not None else ()
    return f"may be given in {computed(word for word in words if word.text is None).removeprefix('computed from ')}"


def _pool_open(worker: Worker) -> str | None:
    if isinstance(worker.pool, Known):
        return None
    word = worker.invocation.options.get("pool") if worker.invocation is not None else None
    return computed([word]) if word is not None else worker.pool.why


def _concurrency(worker: Worker) -> str | None:
    if worker.concurrency is not None:
        return str(worker.concurrency)
    given = worker.invocation.options if worker.invocation is not None else {}
    scale = given.get("autoscale")
    if scale is not None and scale.text is not None:
        most, _, least = scale.text.partition(",")
        return f"{least or 0}–{most}"
    word = given.get("concurrency")
    return None if word is None else shortened(word.raw)


def _options(canvas: Canvas, worker: Worker) -> Iterator[model.Option]:
    if worker.invocation is None:
        return
    for name, word in worker.invocation.options.items():
        if name not in _ELSEWHERE:
            is_flag = word.text is not None and word.text.startswith("-")
            yield model.Option(name, "yes" if is_flag else shortened(word.raw if word.text is None else word.text))
