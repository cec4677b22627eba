"""Which functions of worker code call which, and which tasks run a function."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from functools import cached_property

from celery_lint.project.code.symbols import FunctionRef
from celery_lint.project.model import Reached, Task
from celery_lint.project.tasks.reach import Reach


class Callers:
    """Answers who calls a function, of the functions REACHED from TASKS."""

    def __init__(self, reach: Reach, reached: Mapping[FunctionRef, Reached], tasks: tuple[Task, ...]) -> None:
        self._reach = reach
        self._reached = reached
        self._tasks = tasks

    @cached_property
    def _direct(self) -> Mapping[FunctionRef, frozenset[FunctionRef]]:
        callers: dict[FunctionRef, set[FunctionRef]] = defaultdict(set)
        for caller in self._reached:
            for callee, _, _ in self._reach.edges(caller):
                callers[callee].add(caller)
        return {callee: frozenset(found) for callee, found in callers.items()}

    def direct(self, function: FunctionRef) -> frozenset[FunctionRef]:
        """The functions that call FUNCTION."""
        return self._direct.get(function, frozenset())

    def of(self, function: FunctionRef) -> frozenset[FunctionRef]:
        """The functions that reach FUNCTION, itself included."""
        seen = {function}
        queue = [function]
        while queue:
            for caller in self.direct(queue.pop()):
                if caller not in seen:
                    seen.add(caller)
                    queue.append(caller)
        return frozenset(seen)

    def tasks(self, function: FunctionRef) -> tuple[Task, ...]:
        """The tasks that run FUNCTION, in the order of the project."""
        callers = self.of(function)
        return tuple(task for task in self._tasks if task.function in callers)
