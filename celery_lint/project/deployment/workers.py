"""LINK: the workers that deployment files and launchers start: which app, which queues, which pool."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from celery_lint.celery_versions import Table
from celery_lint.facts.deploy.celery_command import Invocation, invocations
from celery_lint.facts.deploy.merge import merge_alternatives
from celery_lint.facts.model import Command, Name
from celery_lint.finding import Location, Span
from celery_lint.project.code.files import Files
from celery_lint.project.code.symbols import Internal
from celery_lint.project.code.values import Evaluator, Known, Placed, Unknown
from celery_lint.project.deployment.launchers import launched
from celery_lint.project.model import App, CeleryCommand, Worker
from celery_lint.project.settings.apps import Apps, Draft
from celery_lint.settings import DeclaredWorker, Settings

GREEN = frozenset({"gevent", "eventlet"})


# Where commands run in a folder that is nobody's checkout.
_CONTAINERS = frozenset({"compose", "dockerfile", "kubernetes", "helm"})


class WorkerFinder:
    """Reads the worker commands of a project and gives each its application."""

    def __init__(self, files: Files, apps: Apps, made: dict[int, App], known: Table) -> None:
        self.files = files
        self.apps = apps
        self.evaluator: Evaluator = apps.evaluator
        self.made = made
        self.table = known
        self.commands: list[CeleryCommand] = []

    def find(self, deploy_paths: Sequence[str], options: Settings) -> Iterator[Worker]:
        """All workers: those of deployment files, of launchers, and those that the configuration declares."""
        facts = [self.files.deploy(path) for path in deploy_paths]
        for command in merge_alternatives(facts):
            yield from self._workers(command, None)
        for command, owner in launched(self.files, self.evaluator):
            yield from self._workers(command, owner)

        for declared in options.workers:
            yield self._declared(declared)

    def _declared(self, declared: DeclaredWorker) -> Worker:
        drafts = self.named(declared.app, "") if declared.app is not None else self.apps.drafts
        app, known = self._one(drafts)
        place = Location("pyproject.toml", Span(0, 0))
        queues = declared.queues or None
        label = "a worker declared in the configuration"
        return Worker(None, place, label, app, known, queues, Known(declared.pool), declared.concurrency)

    def _workers(self, command: Command, owner: Placed | None) -> Iterator[Worker]:
        for parsed in invocations(command, self.table):
            app, known, named = self._app(command, parsed, owner)
            place = Location(command.path, command.span)
            self.commands.append(CeleryCommand(command, parsed, place, _label(command), app, known, named))
            if parsed.is_worker or parsed.subcommand == "multi":
                yield self._worker(command, parsed, app, known)

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

    # which application

    def _app(self, command: Command, parsed: Invocation, owner: Placed | None) -> tuple[App | None, bool, bool]:
        """The application, whether it is known, and whether the command's own words lead to one that is seen."""
        if owner is not None:
            drafts = self.apps.of(owner) or ()
            return (*self._one(drafts), bool(drafts))
        if parsed.app is None:
            return (*(self._one(self.apps.drafts) if not parsed.open else (None, False)), False)
        if parsed.app.text is None:
            return (*self._one(self.apps.drafts), False)
        named = self.named(parsed.app.text, command.path) or self._from_above(parsed.app.text, command)
        # A module of the project that gets its application in a way nobody can follow: the only one there is.
        return (*self._one(named or (self.apps.drafts if self._has_module(parsed.app.text) else ())), bool(named))

    def _has_module(self, text: str) -> bool:
        modules = self.apps.symbols.modules
        names = tuple(text.partition(":")[0].split("."))
        found = [modules.below(root, names) for root in modules.tops(names[0])]
        return any(hit is not None and len(hit[1]) < 2 for hit in found)

    def _one(self, drafts: Sequence[Draft]) -> tuple[App | None, bool]:
        apps = list(dict.fromkeys(self.made[id(draft)] for draft in drafts))
        return (apps[0], True) if len(apps) == 1 else (None, False)

    def named(self, text: str, beside: str) -> tuple[Draft, ...]:
        """The applications that `-A TEXT` means in a command written in the file BESIDE."""
        module, _, attribute = text.partition(":")
        names = tuple(name for name in module.split(".") if name)
        hits: list[tuple[int, str, tuple[Draft, ...]]] = []
        for root in self.apps.symbols.modules.tops(names[0]) if names else ():
            below = self.apps.symbols.modules.below(root, names)
            if below is None:
                continue
            path, rest = below
            drafts = self._in_module(path, (*rest, *attribute.split(".")) if attribute else rest)
            if drafts:
                hits.append((_nearness(root, beside), root, drafts))
        if not hits:
            return ()
        best = max(nearness for nearness, _, _ in hits)
        nearest = [(root, drafts) for nearness, root, drafts in hits if nearness == best]
        for root, _ in nearest:
            self.apps.symbols.modules.roots[root] += 1
            self.apps.symbols.modules.started.add(root)
        return tuple(dict.fromkeys(draft for _, drafts in nearest for draft in drafts))

    def _from_above(self, text: str, command: Command) -> tuple[Draft, ...]:
        """The applications that `-A TEXT` means in a container that has the whole repository in a folder (`./:/app`)
        and runs in the folder above: the first name is that folder's."""
        top, _, rest = text.partition(".")
        modules = self.apps.symbols.modules
        if command.kind not in _CONTAINERS or "" not in modules.tops(rest.partition(":")[0].partition(".")[0]):
            return ()
        below = modules.below("", tuple(rest.partition(":")[0].split(".")))
        drafts = self.named(rest, "") if below is not None and not below[1] else ()
        if drafts:
            modules.above.add(top)
        return drafts

    def _in_module(self, path: str, names: tuple[str, ...]) -> tuple[Draft, ...]:
        """What Celery finds in a module: the attribute, `app`, `celery`, else any application of the module."""
        if names:
            return self.apps.of(Placed(path, 0, Name("@" + ".".join(names)))) or self._package(path, names)
        for name in ("app", "celery"):
            if name in self.files.python(path).definitions or name in self.files.python(path).imported:
                found = self.apps.of(Placed(path, 0, Name(f"@{name}")))
                if found:
                    return found
        return self._any(path) or self._package(path, ("celery",))

    def _package(self, path: str, names: tuple[str, ...]) -> tuple[Draft, ...]:
        target = self.apps.symbols.target(path, "@" + ".".join(names)) if path.endswith("__init__.py") else None
        is_module = isinstance(target, Internal) and target.fact is None and not target.rest and target.path != path
        return self._in_module(target.path, ()) if is_module and isinstance(target, Internal) else ()

    def _any(self, path: str) -> tuple[Draft, ...]:
        index = self.files.python(path)
        names = [name for name in index.definitions if "." not in name] + list(index.imported)
        found = [draft for name in names for draft in self.apps.of(Placed(path, 0, Name(f"@{name}"))) or ()]
        return tuple(dict.fromkeys(found))


def _number(text: object) -> int | None:
    return int(text) if isinstance(text, str) and text.isdecimal() and len(text) < 10 else None


def _label(command: Command) -> str:
    words = [word.text if word.text is not None else word.raw for word in command.words]
    text = " ".join(words)
    shown = text if len(text) <= 90 else f"{text[:87]}..."
    return f"{command.service}: {shown}" if command.service else shown


def _nearness(root: str, beside: str) -> int:
    """How many folders the import root and the deployment file share."""
    pairs = zip(root.split("/") if root else [], beside.split("/"), strict=False)
    return next((index for index, (a, b) in enumerate(pairs) if a != b), root.count("/") + 1 if root else 0)
