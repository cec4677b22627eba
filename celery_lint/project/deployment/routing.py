"""LINK: which queue a task goes to, decided by Celery's own `celery.app.routes.MapRoute`."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cached_property

from msgspec import Struct, field

from celery_lint.facts.model import Call, Items, Mapping
from celery_lint.finding import Location
from celery_lint.project.code.tame import is_tame, is_tame_glob
from celery_lint.project.code.values import Evaluator, Known, Placed, Unknown
from celery_lint.project.model import App, Route

NAMELESS = "a queue that is computed at run time"


class Router:
    """Finds the one of ROUTES that Celery takes for a task."""

    def __init__(self, routes: Sequence[Route]) -> None:
        self._routes = tuple(routes)

    def match(self, name: str) -> Route | None:
        """The route of the task NAME."""
        found = self._map(name)
        return self._routes[int(found["route"])] if found is not None else None

    @cached_property
    def _map(self) -> Callable[[str], dict[str, int] | None]:
        from celery.app.routes import MapRoute  # with what it loads it takes a fifth of a second

        # MapRoute answers with the value of the pattern that wins; the route itself is that value here.
        asked: Callable[[str], dict[str, int] | None] = MapRoute(
            {
                re.compile(route.pattern) if route.is_regex else route.pattern: {"route": position}
                for position, route in enumerate(self._routes)
            }
        )
        return asked


class RouteTable:
    """The routes of one app, group by group (a list of routers is asked in order).

    OPEN says why a route may exist that cannot be seen.
    """

    def __init__(self, app: App, groups: tuple[tuple[Route, ...], ...] = (), open: str | None = None) -> None:
        self.app = app
        self.groups = groups
        self.open = open

    @property
    def routes(self) -> tuple[Route, ...]:
        """All routes in order."""
        return tuple(route for group in self.groups for route in group)

    def match(self, name: str) -> Route | None:
        """The route that Celery takes for the task NAME."""
        found = (router.match(name) for router in self._routers)
        return next((route for route in found if route is not None), None)

    @cached_property
    def _routers(self) -> tuple[Router, ...]:
        return tuple(Router(group) for group in self.groups if group)


class _Reader(Struct):
    """Reads the value of `task_routes`."""

    app: App
    evaluator: Evaluator
    groups: list[tuple[Route, ...]] = field(default_factory=list)
    open: str | None = None

    def read(self, placed: Placed) -> None:
        placed = self.evaluator.follow(placed)
        if isinstance(placed.value, Items):
            for item in placed.value.items:
                self._router(self.evaluator.follow(placed.at(item)))
        else:
            self._router(placed)

    def _router(self, placed: Placed) -> None:
        if isinstance(placed.value, Items):
            self._pairs(placed)
            return
        if not isinstance(placed.value, Mapping | Call):
            self.open = "a router is a function"
            return
        self._group([(key, self.evaluator.text(key), value) for _, key, value in self.evaluator.entries(placed)])

    def _pairs(self, placed: Placed) -> None:
        """`[("feed.*", {...}), ...]`: ordered pairs."""
        pairs = [self.evaluator.items(item) for item in self.evaluator.items(placed) or []]
        self._group([(p[0], self.evaluator.text(p[0]), p[1]) for p in pairs if p is not None and len(p) == 2])

    def _group(self, entries: list[tuple[Placed, Known[str] | Unknown, Placed]]) -> None:
        routes = []
        for key, text, value in entries:
            pattern, is_regex = (text.value, False) if isinstance(text, Known) else self._regex(key)
            if pattern is None or not (is_regex or is_tame_glob(pattern)):
                self.open = "a route's pattern is computed at run time"
                continue
            queue = self._queue(value)
            place = Location(key.path, key.span)
            routes.append(Route(self.app, pattern, is_regex, queue, place, len(self.groups)))
        self.groups.append(tuple(routes))

    def _regex(self, key: Placed) -> tuple[str | None, bool]:
        followed = self.evaluator.follow(key)
        if not isinstance(followed.value, Call) or not followed.value.arguments:
            return None, False
        if self.evaluator.symbols.external(followed.path, followed.value.callee) != "re.compile":
            return None, False
        text = self.evaluator.text(followed.at(followed.value.arguments[0].value))
        return (text.value, True) if isinstance(text, Known) and is_tame(text.value) else (None, False)

    def _queue(self, value: Placed) -> str | None:
        text = self.evaluator.text(value)
        if isinstance(text, Known):
            return text.value or None
        for key, _, entry in self.evaluator.entries(value):
            if isinstance(key, Known) and key.value == "queue":
                return queue_name(self.evaluator, entry)
        return None


def queue_name(evaluator: Evaluator, placed: Placed) -> str | None:
    """The name of a queue given as a string or as `Queue("name", …)`; None when it is computed."""
    text = evaluator.text(placed)
    if isinstance(text, Known):
        return text.value
    followed = evaluator.follow(placed)
    if not isinstance(followed.value, Call):
        return None
    argument = followed.value.argument(0, "name")
    name = evaluator.text(followed.at(argument.value)) if argument is not None else None
    return name.value if isinstance(name, Known) else None


def read_routes(app: App, evaluator: Evaluator) -> RouteTable:
    """The routes that the settings of APP give."""
    setting = app.settings.get("task_routes")
    if setting is None:
        return RouteTable(app, open=app.settings.open)
    reader = _Reader(app, evaluator)
    reader.read(setting.value)
    return RouteTable(app, tuple(reader.groups), reader.open)


def default_queue(app: App, evaluator: Evaluator) -> str | None:
    """The queue of tasks that nothing routes; None when it cannot be known."""
    setting = app.settings.get("task_default_queue")
    if setting is None:
        return "celery" if app.settings.open is None else None
    known = evaluator.text(setting.value)
    return known.value if isinstance(known, Known) else None


def declared_queues(app: App, evaluator: Evaluator) -> Sequence[str] | Unknown | None:
    """The names in `task_queues`: None when it is not set, Unknown when they cannot all be seen.

    An empty list is as good as none: celery/app/amqp.py, AMQP.Queues, then makes the default queue.
    """
    setting = app.settings.get("task_queues")
    if setting is None:
        return Unknown("the settings cannot all be seen") if app.settings.open else None
    followed = evaluator.follow(setting.value)
    if isinstance(followed.value, Mapping):
        keys = [key for key, _, _ in evaluator.entries(followed)]
        names = [key.value for key in keys if isinstance(key, Known)]
        return (names or None) if len(names) == len(keys) else Unknown("a queue is computed at run time")
    items = evaluator.items(followed)
    if items is None:
        return Unknown("the queues are computed at run time")
    found = [queue_name(evaluator, item) for item in items]
    known = [name for name in found if name is not None]
    return (known or None) if len(known) == len(found) else Unknown("a queue is computed at run time")
