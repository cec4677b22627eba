"""Find the program that a command line really runs: `poetry run`, `gosu user`, `sh -c`, `watchmedo … --` taken off."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from msgspec import Struct, field
from msgspec.structs import replace

from celery_lint.facts.deploy.shell.evaluate import Run, runs
from celery_lint.facts.deploy.shell.expand import Scope
from celery_lint.facts.deploy.text import DeployFile, Spanned, joined, spread
from celery_lint.facts.model import Condition

SUBCOMMANDS = frozenset([
    "amqp", "beat", "call", "control", "events", "flower", "graph", "inspect", "list", "logtool", "migrate", "multi",
    "purge", "report", "result", "shell", "status", "upgrade", "worker",
])  # fmt: skip
_GLOBAL_FLAG = re.compile(
    r"-[AbCq]|--(app|broker|result-backend|loader|config|workdir|no-color|quiet|skip-checks)(=|$)"
)
_NAMES_APP = re.compile(r"-A|--app\b")
_SHELLS = frozenset(["sh", "bash", "dash", "ash", "zsh", "ksh"])
_PYTHON = re.compile(r"(python|pypy)[\d.]*(\.exe)?$|uwsgi-python$")
_INLINE = re.compile(r"([A-Za-z_]\w*)=", re.ASCII)
_CELERY_TEXT = re.compile(r"(^|[\s/=;&|])celery\s")
_SYSTEM_FOLDERS = ("/bin/", "/sbin/", "/usr/bin/", "/usr/sbin/", "/dev/", "/etc/", "/proc/")

# Programs that take words which may look like a Celery command, but run none.
_NEVER_RUN = frozenset([
    "[", "[[", "apk", "apt", "apt-get", "awk", "brew", "cat", "chmod", "chown", "command", "conda-build", "cp", "curl",
    "dnf", "echo", "egrep", "fgrep", "find", "foreman", "git", "grep", "honcho", "install", "invoke", "inv", "kill",
    "killall", "ln", "logger", "ls", "make", "man", "mkdir", "mv", "mypy", "npm", "overmind", "pgrep", "pip", "pip3",
    "pkill", "pnpm", "printf", "ps", "pytest", "rm", "ruff", "sed", "service", "supervisorctl", "systemctl", "tail",
    "tee", "test", "touch", "tox", "trap", "type", "unset", "wget", "which", "yarn", "yum",
])  # fmt: skip
# Programs that run what follows, and say nothing about Celery's app.
_WRAPPERS = frozenset([
    "bundle", "catchsegv", "chamber", "chpst", "chroot", "conda", "coverage", "ddtrace-run", "debugpy", "docker",
    "docker-compose", "dockerize", "doppler", "dotenv", "dumb-init", "entr", "env", "envdir", "eval", "exec", "flock",
    "gosu", "hatch", "heroku", "hupper", "ionice", "kubectl", "micromamba", "newrelic-admin", "nice", "nodemon",
    "nohup", "numactl", "oc", "opentelemetry-instrument", "pdm", "pipenv", "pixi", "podman", "poetry", "runuser",
    "runsv", "rye", "s6-env", "s6-setuidgid", "screen", "setpriv", "setsid", "setuidgid", "softlimit", "stdbuf",
    "strace", "su", "su-exec", "sudo", "time", "timeout", "tini", "tmux", "unbuffer", "uv", "uvx", "watchdog",
    "watchexec", "watchfiles", "watchmedo", "with-contenv", "xvfb-run",
])  # fmt: skip
# Of these only one sub-command runs a program; `docker compose up celery beat` names services.
_CONTAINER_TOOLS = frozenset(["docker", "docker-compose", "podman", "podman-compose", "kubectl", "oc", "heroku"])
_INSTALLERS = frozenset(["uv", "poetry", "pdm", "pipenv", "conda", "rye", "hatch", "pixi"])
_LIBRARY_MODULES = frozenset([
    "pip", "pytest", "http", "gunicorn", "uvicorn", "hypercorn", "flask", "django", "venv", "ensurepip", "compileall",
    "alembic", "streamlit", "unittest", "build", "json", "smtpd", "aiosmtpd", "coverage", "debugpy", "poetry", "mypy",
])  # fmt: skip
DEEPEST = 10


class Found(Struct, frozen=True):
    """What a command line runs. Either WORDS start with celery, or they run the project's SCRIPT."""

    words: tuple[Spanned, ...]
    environment: dict[str, str | None] = field(default_factory=dict)
    conditions: tuple[Condition, ...] = ()
    script: str | None = None
    through: str | None = None
    execs: bool = False
    workdir: str | None = None


def from_shell(file: DeployFile, text: Spanned, scope: Scope | None = None, depth: int = 0) -> Iterator[Found]:
    """What the shell text TEXT runs."""
    if depth > DEEPEST:
        return
    for run in runs(file, text, scope or Scope()):
        yield from _from_run(file, run, depth)


def _from_run(file: DeployFile, run: Run, depth: int) -> Iterator[Found]:
    words, execs = run.words, False
    while words and words[0].value in ("exec", "command", "builtin"):
        execs = execs or words[0].value == "exec"
        words = words[1:]
        if words and words[0].value in ("-a", "-p"):
            words = words[2 if words[0].value == "-a" else 1 :]
    for found in from_words(file, words, execs=execs, depth=depth):
        yield replace(
            found,
            environment=run.environment | found.environment,
            conditions=run.conditions + found.conditions,
            workdir=found.workdir or run.workdir,
        )


def from_words(file: DeployFile, words: Sequence[Spanned], *, execs: bool, depth: int = 0) -> Iterator[Found]:
    """What the command line WORDS runs; EXECS says that nothing stands between it and its parent process."""
    if not words or depth > DEEPEST:
        return
    yield from _Line(file, tuple(words), execs, depth).found()


class _Line(Struct, frozen=True):
    file: DeployFile
    words: tuple[Spanned, ...]
    execs: bool
    depth: int

    def known(self, index: int) -> str | None:
        return self.file.known(self.words[index].value) if index < len(self.words) else ""

    def name(self, index: int) -> str:
        return (self.known(index) or "").rpartition("/")[2]

    def found(self) -> Iterator[Found]:
        if self.is_celery(0):
            yield Found(self.words, execs=self.execs)
            return
        head = self.name(0)
        if head in _NEVER_RUN or head.startswith("#") or self.is_tool_call(head):
            return
        if head == "env":
            yield from self.after_env()
        elif head in _SHELLS:
            yield from self.shell()
        elif head == "busybox":
            yield from self.rest(1)
        elif _PYTHON.match(head):
            yield from self.python()
        elif head == "eval":
            text = joined([part for word in self.words[1:] for part in (word, spread(" ", word.place))])
            yield from from_shell(self.file, text, depth=self.depth + 1)
        else:
            yield from self.wrapped(head)

    def is_tool_call(self, head: str) -> bool:
        """Whether a container tool or an installer is asked for something else than to run a program."""
        texts = [self.known(index) for index in range(1, min(len(self.words), 12))]
        if head in _CONTAINER_TOOLS:
            return not {"run", "exec", "run:detached"} & set(texts)
        return head in _INSTALLERS and not {"run", "exec", "shell"} & set(texts)

    def is_celery(self, index: int) -> bool:
        """Whether the word at INDEX is Celery's program, and not a user, service or queue of that name."""
        known = self.known(index)
        if known is None:
            raw = self.file.word(self.words[index]).raw
            return "celery" in raw.lower() and self.is_subcommand(index + 1) and not raw.startswith("-")
        if self.name(index) not in ("celery", "celery.exe"):
            return False
        return len(self.words) == 1 or self.is_subcommand(index + 1)

    def is_subcommand(self, index: int) -> bool:
        following = self.known(index)
        return following is None or following in SUBCOMMANDS or bool(_GLOBAL_FLAG.match(following))

    def rest(self, index: int, execs: bool | None = None) -> Iterator[Found]:
        """What the words from INDEX on run."""
        execs = self.execs if execs is None else execs
        yield from from_words(self.file, self.words[index:], execs=execs, depth=self.depth + 1)

    def after_env(self) -> Iterator[Found]:
        environment, index = dict[str, str | None](), 1
        while index < len(self.words):
            word = self.words[index].value
            assignment = _INLINE.match(word)
            if assignment:
                environment[assignment[1]] = self.file.known(word[assignment.end() :])
            elif word in ("-u", "-C", "--unset", "--chdir"):
                index += 1
            elif not word.startswith("-"):
                break
            index += 1
        for found in self.rest(index):
            yield replace(found, environment=environment | found.environment)

    def shell(self) -> Iterator[Found]:
        """`sh -c "text" name args`, or `sh script args`."""
        for index in range(1, len(self.words)):
            word = self.words[index].value
            if re.fullmatch(r"-[a-zA-Z]*c[a-zA-Z]*", word):
                yield from self.shell_text(index + 1)
                return
            if word in ("-o", "+o", "-O"):
                continue
            if not word.startswith(("-", "+")) and self.words[index - 1].value not in ("-o", "+o", "-O"):
                yield from self.script(index, surely=True)
                return

    def shell_text(self, index: int) -> Iterator[Found]:
        if index >= len(self.words):
            return
        scope = Scope(positional=self.words[index + 2 :])
        for found in from_shell(self.file, self.words[index], scope, self.depth + 1):
            yield replace(found, execs=found.execs and self.execs)

    def python(self) -> Iterator[Found]:
        index = 1
        while index < len(self.words):
            word = self.known(index) or "?"
            if word == "-m":
                yield from self.module(index + 1)
                return
            if word.startswith("-c") or word == "?":
                return
            if not word.startswith("-"):
                yield from self.python_file(index, word)
                return
            index += 2 if word in ("-X", "-W") else 1

    def module(self, index: int) -> Iterator[Found]:
        name = self.known(index)
        if name is None or index >= len(self.words):
            return
        package = name.partition(".")[0]
        celery = next((other for other in range(index, len(self.words)) if self.is_celery(other)), None)
        inner = next((other for other in range(index + 1, len(self.words)) if self.words[other].value == "-m"), None)
        if inner is not None and (celery is None or inner < celery):
            yield from _Line(self.file, self.words, self.execs, self.depth).module(inner + 1)
        elif celery is not None:
            own = celery > index and package not in _WRAPPERS
            yield Found(self.words[celery:], execs=self.execs, through=name if own else None)
        elif package not in _LIBRARY_MODULES | _WRAPPERS and re.fullmatch(r"\w+(\.\w+)*", name):
            yield Found(self.words[index:], execs=self.execs, script=name.replace(".", "/") + ".py")

    def python_file(self, index: int, path: str) -> Iterator[Found]:
        celery = next((other for other in range(index + 1, len(self.words)) if self.is_celery(other)), None)
        if celery is not None:
            yield Found(self.words[celery:], execs=self.execs, through=self.name(index))
        elif path.endswith(".py") and self.name(index) != "manage.py":
            yield Found(self.words[index:], execs=self.execs, script=path)

    def wrapped(self, head: str) -> Iterator[Found]:
        """What a program that is given another one as its arguments runs."""
        dashes = next((index for index, word in enumerate(self.words) if word.value == "--"), len(self.words))
        celery = next((index for index in range(1, dashes) if self.is_celery(index)), None)
        inner = self.inner_start(head)
        if inner is not None and celery is not None and inner < celery:
            yield from self.rest(inner)
            return
        if celery is not None:
            own = head and head not in _WRAPPERS and self.is_own_command(celery)
            environment = self.inline(celery)
            through = head if own else None
            if self.name(celery - 1).endswith(".py"):
                through = self.name(celery - 1)
            yield Found(self.words[celery:], environment, execs=self.execs, through=through)
            return
        inner = self.inner_program(dashes)
        if inner is not None:
            environment = self.inline(inner)
            for found in self.rest(inner):
                yield replace(found, environment=environment | found.environment)
            return
        texts = [word for word in self.words[1:] if _CELERY_TEXT.search(word.value)]
        if texts:
            for text in texts:
                yield from self.quoted_command(text)
        elif head in _WRAPPERS:
            index = next((index for index in range(1, len(self.words)) if self.is_script(index)), None)
            if index is not None:
                yield from self.script(index)
        else:
            yield from self.script(0)

    def inner_start(self, head: str) -> int | None:
        """Where the program of `poetry run program` and `newrelic-admin run-program program` starts."""
        starter = "run-program" if head == "newrelic-admin" else "run" if head in _INSTALLERS else None
        for index in range(1, len(self.words) - 1):
            if self.words[index].value == starter:
                # An option, or what may be one, can take a value.
                return index + 1 if not (self.known(index + 1) or "-").startswith("-") else None
        return None

    def is_own_command(self, celery: int) -> bool:
        """Whether `celery` is a command of the program in front, which brings the application itself: `flask celery
        worker`. What is called by its path may as well start what it is given: then that names an application."""
        path = self.known(0) or "/"
        if "/" not in path:
            return celery == 1
        following = [self.file.word(word).raw for word in self.words[celery + 1 :]]
        return self.name(0) != "" and not path.endswith((".sh", ".bash")) and not any(map(_NAMES_APP.match, following))

    def inner_program(self, dashes: int) -> int | None:
        """Where a shell, an interpreter or anything after `--` starts among the arguments."""
        for index in range(1, dashes):
            following = self.known(index + 1) or ""
            name = self.name(index)
            if name in _SHELLS and (following.startswith("-") or self.is_script(index + 1)):
                return index
            if _PYTHON.match(name) and (following.startswith("-") or following.endswith(".py")):
                return index
            if name == "env" and _INLINE.match(following):
                return index
        return dashes + 1 if dashes + 1 < len(self.words) else None

    def inline(self, end: int) -> dict[str, str | None]:
        """`A=b` before the program at END, which some wrappers take as environment."""
        found = dict[str, str | None]()
        for word in self.words[1:end]:
            if assignment := _INLINE.match(word.value):
                found[assignment[1]] = self.file.known(word.value[assignment.end() :])
        return found

    def quoted_command(self, text: Spanned) -> Iterator[Found]:
        """A whole command given as one argument: `watchfiles "celery -A app worker"`, `--command='…'`."""
        if text.value.startswith("--") and "=" in text.value:
            text = text[text.value.index("=") + 1 :]
        if re.search(r"\s", text.value):
            yield from from_shell(self.file, text, depth=self.depth + 1)

    def script(self, index: int, surely: bool = False) -> Iterator[Found]:
        path = self.known(index)
        if path and (surely or self.is_script(index)):
            yield Found(self.words[index:], execs=self.execs, script=path)

    def is_script(self, index: int) -> bool:
        """Whether the word at INDEX may be a script of the project."""
        path = self.known(index) or ""
        if not path or path.startswith("-") or "://" in path or path.endswith("/") or self.name(index) == "manage.py":
            return False
        if path.endswith((".sh", ".bash", ".py")):
            return True
        looks_so = "/" in path and "." not in self.name(index) and re.fullmatch(r"[\w./-]+", path) is not None
        return looks_so and not path.startswith(_SYSTEM_FOLDERS)
