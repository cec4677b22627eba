"""LINK: which queues a task goes to, which workers consume them, and in which pools it runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from celery_lint.project.code.values import Evaluator, Unknown
from celery_lint.project.deployment.routing import RouteTable, declared_queues, default_queue, queue_name
from celery_lint.project.model import App, Task, Worker

Key = TypeVar("Key")
Answer = TypeVar("Answer")


class Placement:
    """Answers where tasks run. Rules ask about each task, and mostly the same: no answer is worked out twice."""

    def __init__(
        self,
        apps: Sequence[App],
        workers: Sequence[Worker],
        routes: Mapping[App, RouteTable],
        evaluator: Evaluator,
        may_set: Callable[[App, str], bool],
    ) -> None:
        """ROUTES are those of each of APPS. MAY_SET: whether an application may have a setting."""
        self._apps = apps
        self._workers = workers
        self._routes = routes
        self._evaluator = evaluator
        self._may_set = may_set
        self._defaults: dict[App, str | None] = {}
        self._declared: dict[App, tuple[str, ...] | Unknown | None] = {}
        self._consumes: dict[tuple[Worker, str], bool | None] = {}
        self._queues: dict[tuple[Task, App], tuple[str, ...] | None] = {}
        self._running: dict[Task, tuple[Worker, ...] | None] = {}
        self._may_run: dict[tuple[Worker, Task], bool] = {}

    def default_queue(self, app: App) -> str | None:
        """The queue of the tasks that nothing routes; None when it cannot be known."""
        return _known(self._defaults, app, lambda: self._find_default(app))

    def _find_default(self, app: App) -> str | None:
        if app.settings.open is not None and not self._may_set(app, "task_default_queue"):
            return "celery"
        return default_queue(app, self._evaluator)

    def declared_queues(self, app: App) -> tuple[str, ...] | Unknown | None:
        """The names in `task_queues`: None when it is not set, Unknown when they cannot all be seen."""
        return _known(self._declared, app, lambda: self._find_declared(app))

    def _find_declared(self, app: App) -> tuple[str, ...] | Unknown | None:
        if app.settings.open is not None and not self._may_set(app, "task_queues"):
            return None
        found = declared_queues(app, self._evaluator)
        return found if found is None or isinstance(found, Unknown) else tuple(found)

    def workers_of(self, app: App) -> tuple[Worker, ...]:
        """The workers that serve APP, or may serve it."""
        return tuple(worker for worker in self._workers if worker.app is app or not worker.app_is_known)

    def consumes(self, worker: Worker, queue: str) -> bool | None:
        """Whether WORKER consumes QUEUE; None when that cannot be told."""
        return _known(self._consumes, (worker, queue), lambda: self._find_consumes(worker, queue))

    def _find_consumes(self, worker: Worker, queue: str) -> bool | None:
        if isinstance(worker.queues, Unknown) or worker.excludes_queues:
            return None
        if worker.queues is not None:
            return queue in worker.queues
        answers = [self._by_default(app, queue) for app in ((worker.app,) if worker.app is not None else self._apps)]
        if any(answer is None for answer in answers):
            return None
        return any(answers)

    def _by_default(self, app: App, queue: str) -> bool | None:
        """Whether a worker without `-Q` consumes QUEUE: `task_queues` if set, else only the default queue."""
        declared = self.declared_queues(app)
        if isinstance(declared, Unknown):
            return None
        if declared is not None:
            return queue in declared
        default = self.default_queue(app)
        return None if default is None else queue == default

    def queues_of(self, task: Task, app: App) -> tuple[str, ...] | None:
        """The queues that TASK goes to by its own option, a route, or default; None when that cannot be told."""
        return _known(self._queues, (task, app), lambda: self._find_queues(task, app))

    def _find_queues(self, task: Task, app: App) -> tuple[str, ...] | None:
        option = task.option("queue")
        if option is not None:
            name = queue_name(self._evaluator, option.value)
            return (name,) if name is not None else None
        if task.options_open or not task.names or self._routes[app].open is not None:
            return None
        queues: set[str] = set()
        for name in task.names:
            route = self._routes[app].match(name)
            queue = route.queue if route is not None else self.default_queue(app)
            if queue is None:
                return None
            queues.add(queue)
        return tuple(sorted(queues))

    def workers_for(self, task: Task) -> tuple[Worker, ...] | None:
        """The workers that run TASK; None when that cannot be told."""
        return _known(self._running, task, lambda: self._find_workers(task))

    def _find_workers(self, task: Task) -> tuple[Worker, ...] | None:
        found: list[Worker] = []
        for app in apps_of(task):
            queues = self.queues_of(task, app)
            if queues is None:
                return None
            for worker in self.workers_of(app):
                answers = [self.consumes(worker, queue) for queue in queues]
                if any(answer is None for answer in answers):
                    return None
                if any(answers):
                    found.append(worker)
        return tuple(dict.fromkeys(found))

    def may_run(self, worker: Worker, task: Task) -> bool:
        """Whether nothing rules out that WORKER runs TASK."""
        return _known(self._may_run, (worker, task), lambda: self._find_may_run(worker, task))

    def _find_may_run(self, worker: Worker, task: Task) -> bool:
        for app in apps_of(task):
            if worker.app_is_known and worker.app is not app:
                continue
            queues = self.queues_of(task, app)
            if queues is None or any(self.consumes(worker, queue) is not False for queue in queues):
                return True
        return False

    def pools_of(self, task: Task) -> frozenset[str] | None:
        """The pools that TASK runs in; None when a worker, its queues or its pool cannot be told."""
        workers = self.workers_for(task)
        if not workers:
            return None
        pools = [worker.pool for worker in workers]
        known = frozenset(pool.value for pool in pools if not isinstance(pool, Unknown))
        return None if any(isinstance(pool, Unknown) for pool in pools) else known


def apps_of(task: Task) -> tuple[App, ...]:
    """The applications TASK belongs to: its own, or any for a shared task."""
    return (task.app,) if task.app is not None else task.apps


def _known(answers: dict[Key, Answer], key: Key, find: Callable[[], Answer]) -> Answer:
    """The answer to KEY; what FIND gives is kept."""
    if key not in answers:
        answers[key] = find()
    return answers[key]
