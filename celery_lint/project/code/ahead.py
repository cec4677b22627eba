"""Reading ahead: other processes read files while this one does something else."""

from __future__ import annotations

import os
import select
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import BinaryIO, Literal, NamedTuple, TypeVar

import msgspec

# Loading the reader takes a process as long as reading so much.
_BYTES_A_PROCESS = 200_000
_LENGTH = 8

Value = TypeVar("Value")


class Answer(NamedTuple):
    """What was read in one file: a digest of its bytes, and what they say, encoded; nothing where that cannot be."""

    content: bytes
    facts: bytes


class Work(NamedTuple):
    """What the processes do: READ one file, and MAKE something of a request. LOAD is what all of them have to do
    before: it is done once."""

    read: Callable[[str], Answer]
    make: Callable[[bytes], bytes]
    load: Callable[[], object] = tuple


class Readers:
    """Up to JOBS processes that do WORK for this one. They start when there is something to read, and then wait for
    more.

    What they answer depends on nothing but the files. Whoever asks for a file whose process has failed gets nothing,
    and reads it.
    """

    def __init__(self, work: Work, jobs: int) -> None:
        self._work = work
        self._jobs = jobs
        self._processes: list[_Process] = []
        self._found: dict[str, Answer] = {}

    def ask(self, sizes: Sequence[tuple[int, str]]) -> None:
        """Let the files be read, given with their sizes. This process can go on meanwhile."""
        self._start(min(self._jobs, 1 + sum(size for size, _ in sizes) // _BYTES_A_PROCESS) if sizes else 0)
        for process, share in zip(tuple(self._processes), _shares(sizes, len(self._processes)), strict=True):
            self._let(process, share)

    def answer(self, path: str) -> Answer | None:
        """What was read in PATH; waits until it is. None where no process can say it."""
        if path not in self._found and self._processes:
            process = next((each for each in self._processes if os.fsencode(path) in each.asked), None)
            if process is None:
                process = min(self._processes, key=lambda each: len(each.asked))
                self._let(process, [path])
            self._collect(process)
        return self._found.pop(path, None)

    def make(self, request: bytes) -> bytes:
        """What a process makes of REQUEST; waits for it. Nothing where none can."""
        if self._processes:
            self._collect(self._processes[0])
        if not self._processes:
            return b""
        made = self._processes[0].made(request)
        if made is None:
            self._drop(self._processes[0])
        return made or b""

    def left(self) -> dict[str, Answer]:
        """What was read so far and nobody has asked for."""
        left, self._found = self._found, {}
        return left

    def close(self) -> None:
        """End the processes; those that are reading do not go on after the file that they are at."""
        for process in self._processes:
            process.leave()
        for process in self._processes:
            process.end()
        self._processes.clear()

    def _start(self, count: int) -> None:
        if count > len(self._processes):
            self._processes += _started(self._work, count - len(self._processes), self._processes)

    def _let(self, process: _Process, paths: Sequence[str]) -> None:
        # Two that write to each other and read not would wait for ever.
        self._collect(process)
        process.ask([os.fsencode(path) for path in paths])

    def _collect(self, process: _Process) -> None:
        if process.asked:
            answers = process.answers()
            if answers is None:
                self._drop(process)
            self._found |= {os.fsdecode(path): answer for path, answer in (answers or {}).items()}

    def _drop(self, process: _Process) -> None:
        process.end()
        self._processes.remove(process)


class _Process:
    """The process with the id NUMBER, the NAMES that it hears and what it has FOUND. ASKED is what it works at. Without
    a NUMBER it is a child of another one, which waits for it."""

    def __init__(self, number: int | None, names: BinaryIO, found: BinaryIO) -> None:
        self.asked: frozenset[bytes] = frozenset()
        self._number = number
        self._names = names
        self._found = found

    def ask(self, paths: Sequence[bytes]) -> None:
        """Let it read the files PATHS."""
        self.asked = frozenset(paths)
        with suppress(OSError):
            _send(self._names, ("read", paths))

    def answers(self) -> dict[bytes, Answer] | None:
        """What it was asked for; None when the process has failed."""
        self.asked = frozenset()
        return _received(self._found, dict[bytes, Answer])

    def made(self, request: bytes) -> bytes | None:
        """What it makes of REQUEST, when it has read all that it was asked for; None when the process has failed."""
        with suppress(OSError):
            _send(self._names, ("make", [request]))
        return _received(self._found, bytes)

    def leave(self) -> None:
        """Neither ask nor hear any more: then it ends."""
        for pipe in (self._names, self._found):
            with suppress(OSError):
                pipe.close()

    def end(self) -> None:
        self.leave()
        if self._number is not None:
            with suppress(OSError):
                os.waitpid(self._number, 0)


class _Pipes(NamedTuple):
    """The ends of two pipes: what one process HEARS the other one names; what it SAYS is found there."""

    hears: int
    names: int
    found: int
    says: int

    def close(self) -> None:
        """Close them all; those that are closed already may be."""
        for end in self:
            with suppress(OSError):
                os.close(end)


def _started(work: Work, count: int, others: Sequence[_Process]) -> list[_Process]:
    """COUNT new processes; none when there can be none. OTHERS are there already."""
    pipes: list[_Pipes] = []
    try:
        while len(pipes) < count:
            pipes.append(_Pipes(*os.pipe(), *os.pipe()))
        number = os.fork()
    except OSError:
        for each in pipes:
            each.close()
        return []
    if number:
        for each in pipes:
            os.close(each.hears)
            os.close(each.says)
        numbers = [number, *(None for _ in pipes[1:])]
        opened = [(os.fdopen(each.names, "wb"), os.fdopen(each.found, "rb")) for each in pipes]
        return [_Process(first, *ends) for first, ends in zip(numbers, opened, strict=True)]
    # Whatever happens here must not run what the parent has still to do.
    with suppress(BaseException):
        for other in others:
            other.leave()
        _work(work, pipes)
        os._exit(0)
    os._exit(1)


def _work(work: Work, pipes: Sequence[_Pipes]) -> None:
    """Do WORK over the first of PIPES, and let children do it over the others: they have what is loaded here."""
    for each in pipes:
        os.close(each.names)
        os.close(each.found)
    work.load()
    mine, children = 0, list[int]()
    with suppress(OSError):  # then it is done by fewer
        for index in range(1, len(pipes)):
            child = os.fork()
            if not child:
                mine, children = index, []
                break
            children.append(child)
    for index, each in enumerate(pipes):
        if index != mine:
            os.close(each.hears)
            os.close(each.says)
    with suppress(Exception):
        _serve(work, os.fdopen(pipes[mine].hears, "rb"), os.fdopen(pipes[mine].says, "wb"))
    for child in children:
        os.waitpid(child, 0)


def _serve(work: Work, names: BinaryIO, found: BinaryIO) -> None:
    """Do what is asked for, until nobody asks any more."""
    listener = select.poll()
    listener.register(found, 0)  # says nothing but that it is gone
    while asked := _received(names, tuple[Literal["read", "make"], list[bytes]]):
        kind, items = asked
        if kind == "make":
            _send(found, work.make(items[0]))
            continue
        answers = {}
        for path in items:
            if listener.poll(0):
                return
            answers[path] = work.read(os.fsdecode(path))
        _send(found, answers)


def _send(pipe: BinaryIO, value: object) -> None:
    data = msgspec.msgpack.encode(value)
    pipe.write(len(data).to_bytes(_LENGTH, "big") + data)
    pipe.flush()


def _received(pipe: BinaryIO, kind: type[Value]) -> Value | None:
    """What was sent through PIPE; None where it ends instead."""
    length = int.from_bytes(pipe.read(_LENGTH), "big")
    try:
        return msgspec.msgpack.decode(pipe.read(length), type=kind)
    except (msgspec.MsgspecError, OSError):
        return None


def _shares(sizes: Sequence[tuple[int, str]], count: int) -> list[list[str]]:
    """The files in COUNT shares of about the same size."""
    shares: list[tuple[int, list[str]]] = [(0, []) for _ in range(count)]
    for size, path in sorted(sizes, reverse=True) if shares else ():
        least = min(range(count), key=lambda each: shares[each][0])
        total, paths = shares[least]
        shares[least] = (total + size, [*paths, path])
    return [paths for _, paths in shares]
