"""LINK: how messages are written: which serializer they have, and who may have a say in what is sent."""

from __future__ import annotations

from celery_lint.project.calls.calls import TaskCall
from celery_lint.project.code.placed import Known, Unknown
from celery_lint.project.code.refs import ClassRef, External
from celery_lint.project.messages.serializable import serializer_of
from celery_lint.project.model import Task
from celery_lint.project.project import Project
from celery_lint.project.tasks.declaring import TASK_CLASSES

_SENDING = ("delay", "apply_async", "s", "si", "signature", "_get_exec_options")
_KNOWN_BASES = TASK_CLASSES | {"builtins.object", "abc.ABC", "celery.contrib.django.task.DjangoTask"}


def serializer(call: TaskCall, project: Project) -> Known[str] | Unknown:
    """The serializer of the message that CALL sends."""
    given = call.options.get("serializer")
    if given is not None:
        return project.evaluator.text(given)
    return Unknown("there may be other options") if call.options_open else serializer_of(call.task, project)


def sends_in_its_own_way(task: Task, project: Project) -> bool:
    """Whether a base class may change what is sent, or when: it does, or nothing is known of it."""
    if task.base_is_unknown or task.options_open:
        return True
    for base in (task.base, task.cls, *(app.task_class for app in project.apps_of(task))):
        if base is None:
            continue
        lineage = project.symbols.lineage(base) if isinstance(base, ClassRef) else (base,)
        unknown = [item.name for item in lineage if isinstance(item, External) and item.name not in _KNOWN_BASES]
        if unknown or (isinstance(base, ClassRef) and any(project.symbols.method(base, name) for name in _SENDING)):
            return True
    return False
