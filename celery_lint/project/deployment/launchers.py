"""LINK: workers that Python code starts: `subprocess.run(["celery", …])`, `app.worker_main(["worker", …])`."""

from __future__ import annotations

from collections.abc import Iterator

from celery_lint.facts.model import Command, Items, Name, Value, Word
from celery_lint.project.code.expressions import within
from celery_lint.project.code.files import Files
from celery_lint.project.code.index import FileIndex
from celery_lint.project.code.patterns import Pattern
from celery_lint.project.code.values import Evaluator, Known, Placed

WORKER_MAIN = "worker_main"
_COMMANDS = Pattern(rb"worker|beat|flower|multi")
_LAUNCHES = Pattern(rb"""['"]celery['"]|worker_main""")


def launched(files: Files, evaluator: Evaluator) -> Iterator[tuple[Command, Placed | None]]:
    """The commands that Python files run, each with the application whose `worker_main` it is."""
    for path in files.mentioning_all(_LAUNCHES, _COMMANDS):
        index = files.python(path)
        seen: set[int] = set()
        for value, block in _values(index):
            command = _listed(index, evaluator, value, block) if isinstance(value, Items) else None
            if command is not None and value.span.start not in seen:
                seen.add(value.span.start)
                yield command, None
        yield from _worker_mains(index, evaluator)


def _values(index: FileIndex) -> Iterator[tuple[Value, int]]:
    for call in index.facts.calls:
        for argument in call.arguments:
            yield from ((value, call.block) for value in within(argument.value))
    for assignment in index.facts.assignments:
        if assignment.value is not None:
            yield from ((value, assignment.block) for value in within(assignment.value))


def _listed(index: FileIndex, evaluator: Evaluator, value: Items, block: int) -> Command | None:
    """`["celery", "-A", "proj", "worker"]`, also after `python -m` or `poetry run`."""
    words = _words(evaluator, Placed(index.path, block, value))
    texts = [word.text for word in words]
    if "celery" not in texts:
        return None
    start = texts.index("celery")
    before = texts[:start]
    if before and not (before[-1] == "-m" or before[-1] == "run" or _runs_another(before[-1])):
        return None
    if len(words) < start + 2 or not any(text in ("worker", "beat", "flower", "multi") for text in texts[start:]):
        return None
    return Command(tuple(words[start:]), index.path, value.span, "python", index.path, execs=True)


def _runs_another(word: str | None) -> bool:
    return word in ("--", "ddtrace-run", "exec", "nohup", "sudo")


def _words(evaluator: Evaluator, placed: Placed) -> list[Word]:
    assert isinstance(placed.value, Items)
    words: list[Word] = []
    for item in placed.value.items:
        known = evaluator.text(placed.at(item))
        text = known.value if isinstance(known, Known) else None
        words.append(Word(text, text if text is not None else "…", item.span))
    return words


def _worker_mains(index: FileIndex, evaluator: Evaluator) -> Iterator[tuple[Command, Placed | None]]:
    for call in index.calls_named("worker_main"):
        if not isinstance(call.callee, Name):
            continue
        argument = call.argument(0, "argv")
        owner = Placed(index.path, call.block, Name(call.callee.ref.rpartition(".")[0]))
        words = [Word("celery", "celery", call.span)]
        if argument is not None:
            listed = evaluator.follow(Placed(index.path, call.block, argument.value))
            words += _words(evaluator, listed) if isinstance(listed.value, Items) else [Word(None, "…", call.span)]
        if argument is None or not any(word.text == "worker" for word in words):
            words.insert(1, Word("worker", "worker", call.span))
        # `worker_main` brings its application along, like a program of the project's own.
        yield Command(tuple(words), index.path, call.span, "python", index.path, execs=True, through=WORKER_MAIN), owner
