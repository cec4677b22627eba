"""The files of one project, read when they are asked for and never twice."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, cached_property
from itertools import chain
from pathlib import Path
from typing import TypeVar

from celery_lint.cache.answers import LARGEST_TEXT, Answers
from celery_lint.cache.facts import FactStore, encoded
from celery_lint.cache.seen import Learned
from celery_lint.cache.stamp import digest
from celery_lint.cache.state import State
from celery_lint.crash import Crash, attempt
from celery_lint.facts.model import DeployFacts, ImportedNames, PythonFacts, ReadError
from celery_lint.project.code.ahead import Answer, Readers, Work
from celery_lint.project.code.contents import Contents
from celery_lint.project.code.imports import imported_names
from celery_lint.project.code.index import FileIndex
from celery_lint.project.code.patterns import Pattern, Sought
from celery_lint.project.code.searches import Searches
from celery_lint.source import Source
from celery_lint.watch import UNWATCHED, Part, Watch

Read = TypeVar("Read", PythonFacts, DeployFacts)

_CELERY = Pattern(rb"celery|shared_task", re.IGNORECASE)
_ASIDE = frozenset({
    "tests", "test", "testing", "test_utils", "unittests", "e2e", "docs", "doc", "examples", "example", "samples",
    "benchmarks", "benchmark",
})  # fmt: skip
# `integration_tests`, `tests_openshift`, `e2e-tests`; but not `contests`, and not `ab_test`, which may be a feature.
_TESTS = re.compile(r"(?:^|[-_])tests(?:[-_]|$)")

_REQUIREMENTS = ("req", "dev", "lint", "test", "constraint", "dep")
_TOOLING = (".toml", ".lock", ".in", ".cfg", ".ini", ".pip")


@cache
def is_aside(path: str) -> bool:
    """Whether PATH is a test, documentation or an example by its name: no worker runs it."""
    *folders, name = path.split("/")
    if any(folder in _ASIDE or _TESTS.search(folder) for folder in folders):
        return True
    # What Perl calls its tests, and after it Celery itself, kombu and vine.
    if folders[:1] == ["t"]:
        return True
    # No package has such a name, so nothing imports what is in it: it belongs to a tool.
    if name.endswith(".py") and any(folder.startswith(".") for folder in folders):
        return True
    return name.startswith("test_") or name.endswith("_test.py") or name in ("conftest.py", "tests.py")


def names_tools(path: str) -> bool:
    """Whether PATH is of a kind that says which tools are installed or run: requirements, lock files, CI, hooks."""
    name = path.rpartition("/")[2]
    if name.endswith(".txt"):
        return any(word in path.lower() for word in _REQUIREMENTS)
    if name.endswith((".yml", ".yaml")):
        return name.startswith((".pre-commit-config.", ".gitlab-ci.")) or ".github/workflows/" in path
    return name.endswith(_TOOLING) or name in ("Pipfile", "Makefile", "noxfile.py") or "Dockerfile" in name


def _failure(crash: Crash) -> ReadError:
    """One file that we fail on must not cost the findings of all others."""
    return ReadError(f"celery-lint itself failed on it, please report it: {crash.summary}")


def _python_reader() -> Callable[[str, bytes], PythonFacts]:
    # LibCST is loaded when the first file needs it: a project without Celery never does.
    from celery_lint.facts.python.reader import read

    return read


def _deploy_reader() -> Callable[[str, bytes], DeployFacts]:
    from celery_lint.facts.deploy.reader import read

    return read


class Files:
    """The files of a project below ROOT; PATHS are relative to it, with `/`.

    OVERLAY replaces the bytes of some files (what a fix would write). STORE has the facts that need not be read again.
    """

    def __init__(
        self,
        root: Path,
        paths: Sequence[str],
        overlay: Mapping[str, bytes] | None = None,
        store: FactStore | None = None,
        watch: Watch = UNWATCHED,
    ) -> None:
        self.root = root
        self.paths = tuple(paths)
        self.known = frozenset(paths)
        self._store = store if store is not None else FactStore()
        self._watch = watch
        self._python: dict[str, FileIndex] = {}
        self._deploy: dict[str, DeployFacts] = {}
        self._imports: dict[str, ImportedNames] = {}
        self._opened: set[str] = set()
        self._readers: Readers | None = None
        self._words: dict[str, Pattern] = {}
        replaced = dict(overlay or {})
        look = self._store.seen.look(path for path in self.paths if path not in replaced)
        self._contents = Contents(str(root), self.paths, self.code_paths, replaced, look, watch)
        self._searches = Searches(self._contents)

    @property
    def states(self) -> Mapping[str, State]:
        """How the files were before any was read; those that were read otherwise are not among them."""
        return self._contents.look.when

    @property
    def unreadable(self) -> dict[str, ReadError]:
        """The files that had to be read and could not, so far."""
        return self._contents.unreadable

    @cached_property
    def python_paths(self) -> tuple[str, ...]:
        """All Python files."""
        return tuple(path for path in self.paths if path.endswith(".py"))

    @cached_property
    def folders(self) -> frozenset[str]:
        """All folders that hold a file, the root as an empty string."""
        found = {""}
        for path in self.paths:
            while "/" in path:
                path = path.rpartition("/")[0]
                found.add(path)
        return frozenset(found)

    def data(self, path: str) -> bytes:
        """The bytes of PATH; none when it cannot be read, which is noted.

        Whoever only searches them asks `mentions`: then the file may change without a new run.
        """
        self._opened.add(path)
        return self._contents.data(path)

    def source(self, path: str) -> Source:
        """PATH as people count it."""
        return Source(path, self.data(path))

    def python(self, path: str) -> FileIndex:
        """What the Python file PATH says."""
        index = self._python.get(path)
        if index is None:
            with self._watch.at(Part.READ, path):
                index = self._python[path] = FileIndex(self._facts(PythonFacts, path, _python_reader))
        return index

    def deploy(self, path: str) -> DeployFacts:
        """What the deployment file PATH says."""
        if path not in self._deploy:
            with self._watch.at(Part.READ, path):
                self._deploy[path] = self._facts(DeployFacts, path, _deploy_reader)
        return self._deploy[path]

    def _facts(self, kind: type[Read], path: str, load: Callable[[], Callable[[str, bytes], Read]]) -> Read:
        """What PATH says, in facts of this KIND; LOAD gives the reader, and may take a while."""
        self._opened.add(path)
        content = self._contents.digest(path)
        facts = self._store.find(kind, path, content)
        if facts is None and kind is PythonFacts and self._is_read_elsewhere(path, content):
            facts = self._store.find(kind, path, content)
        if facts is None:
            data = self._contents.data(path)
            with self._watch.at(Part.LOAD):
                read = load()
            found = attempt(lambda: read(path, data))
            if isinstance(found, Crash):
                return self._noted(path, kind(path, error=_failure(found)))
            facts = found
            self._store.add(path, content, facts)
        return self._noted(path, facts)

    def imports(self, path: str) -> ImportedNames:
        """What the Python file PATH imports."""
        known = self._imports.get(path)
        if known is None:
            with self._watch.at(Part.READ, path):
                known = self._imports[path] = self._read_imports(path)
        return known

    def _read_imports(self, path: str) -> ImportedNames:
        content = self._contents.digest(path)
        known = self._store.find(ImportedNames, path, content)
        if known is None:
            known = imported_names(self._contents.data(path))
            self._store.add(path, content, known)
        return known

    def read_ahead(self, paths: Sequence[str], jobs: int, make: Callable[[bytes], bytes]) -> None:
        """Let up to JOBS other processes read the Python files PATHS, which will be asked for, and then whatever else
        is. This one goes on. MAKE is what else they can do."""
        new = [path for path in paths if not self._store.has(PythonFacts, path, self._contents.digest(path))]
        if new and hasattr(os, "fork"):
            self._readers = Readers(Work(self._answer, make, _python_reader), jobs)
            self._readers.ask([(len(self._contents.data(path)), path) for path in new])

    def made(self, request: bytes) -> bytes:
        """What another process made of REQUEST; nothing where none could."""
        return self._readers.make(request) if self._readers is not None else b""

    def close(self) -> None:
        """From now on this process reads by itself. What was read in vain is kept, or each run would read it again."""
        if self._readers is not None:
            for path, answer in self._readers.left().items():
                self._store.add_encoded(PythonFacts, path, answer.content, answer.facts)
            self._readers.close()

    def _answer(self, path: str) -> Answer:
        data = self._contents.data(path)
        found = attempt(lambda: _python_reader()(path, data))
        # Whoever needs the file reads it again, and says that it cannot be read.
        return Answer(digest(data), b"" if isinstance(found, Crash) else encoded(found))

    def _is_read_elsewhere(self, path: str, content: bytes) -> bool:
        """Whether another process has read PATH, as it was here."""
        answer = self._readers.answer(path) if self._readers is not None else None
        if answer is None or answer.content != content or not answer.facts:
            return False
        self._store.add_encoded(PythonFacts, path, content, answer.facts)
        return True

    def answers(self) -> Answers:
        """What was asked of the files so far, and what they answered."""
        return Answers(
            read=frozenset(self._opened),
            questions=self._searches.questions(),
            imports={path: digest(encoded(names)) for path, names in self._imports.items()},
        )

    def learned(self) -> Learned:
        """What this run learned of files, for runs to come. Of what could not be read, and of what was read as it is
        not, nothing."""
        contents = self._contents
        return Learned(
            when={path: contents.look.when[path] for path in contents.sure(contents.look.when)},
            contents=contents.digests(),
            answers=self._searches.answers(),
            code=contents.sure(self.code_paths),
            whole=self._searches.whole(),
            literals=self._searches.needed(),
        )

    def _noted(self, path: str, facts: Read) -> Read:
        if facts.error is not None:
            self.unreadable.setdefault(path, facts.error)
        return facts

    @cached_property
    def code_paths(self) -> tuple[str, ...]:
        """The Python files that are no tests, documentation or examples."""
        return tuple(path for path in self.python_paths if not is_aside(path))

    def mentioning(self, pattern: Sought, among: Sequence[str] | None = None) -> Iterator[str]:
        """The files whose bytes hold PATTERN: of AMONG, else of the code: the Python files that are not `is_aside`."""
        if among is not None:
            return iter(self._searches.among(among, pattern))
        return iter(self._searches.code_with(pattern))

    def mentioning_all(self, *patterns: Sought) -> Iterator[str]:
        """The code whose bytes hold all PATTERNS. A pattern is looked for where those before it are found: the rarest
        comes first."""
        first, *others = patterns
        found = list(self.mentioning(first))
        for pattern in others:
            found = self._searches.among(found, pattern)
        return iter(found)

    def is_mentioned(self, pattern: Sought) -> bool:
        """Whether any code holds PATTERN."""
        return any(True for _ in self.mentioning(pattern))

    def mentions(self, path: str, pattern: Sought) -> bool:
        """Whether the bytes of PATH hold PATTERN."""
        return self._searches.holds(path, pattern)

    def holding(self, name: str) -> tuple[str, ...]:
        """The Python files in which NAME stands as a word; tests and the like do not count."""
        return tuple(self.mentioning(self._word(name)))

    def holds(self, path: str, name: str) -> bool:
        """Whether NAME stands in PATH as a word."""
        return self.mentions(path, self._word(name))

    def _word(self, name: str) -> Pattern:
        word = self._words.get(name)
        if word is None:
            word = self._words[name] = Pattern(rb"\b" + re.escape(name.encode()) + rb"\b")
        return word

    @cached_property
    def text_paths(self) -> tuple[str, ...]:
        """The files that are no Python, no tests or the like, and small enough to be written by people: settings."""
        others = (path for path in self.paths if not path.endswith(".py") and not is_aside(path))
        return tuple(path for path in others if self._size(path) <= LARGEST_TEXT)

    def _size(self, path: str) -> int:
        if path in self._contents.overlay:
            return len(self._contents.overlay[path])
        try:
            return (self.root / path).stat().st_size
        except OSError:
            return 0

    def anywhere(self, pattern: Sought, skip: Callable[[str], bool]) -> str | None:
        """The first file of the project whose bytes hold PATTERN: of `code_paths` and `text_paths`, but those to
        SKIP."""
        code = (path for path in self.mentioning(pattern) if not skip(path))
        text = (path for path in self.text_paths if not skip(path) and self.mentions(path, pattern))
        return next(chain(code, text), None)

    @cached_property
    def deploy_paths(self) -> tuple[str, ...]:
        """The deployment files."""
        from celery_lint.facts.deploy import reads

        return tuple(path for path in self.paths if reads(path) and not is_aside(path))

    @property
    def deploy_count(self) -> int:
        """How many deployment files were read."""
        return len(self._deploy)

    @cached_property
    def celery_paths(self) -> frozenset[str]:
        """The Python files that mention Celery."""
        return frozenset(self.mentioning(_CELERY))
