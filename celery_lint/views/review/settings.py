"""Which settings of applications a change alters, and what that does to messages that are on their way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from celery_lint.finding import Location
from celery_lint.project.code.values import Placed
from celery_lint.project.model import App, Setting
from celery_lint.project.project import Project
from celery_lint.views.drawing.canvas import shortened
from celery_lint.views.review.model import SettingChange
from celery_lint.views.review.state import State
from celery_lint.views.review.subject import place_of

# These may hold passwords: that they changed is all that is said.
_SECRET = ("url", "backend", "options", "password", "ssl", "login", "credential", "_key")
# These are told task by task, or are lists of which every entry would be a change.
_TOLD = frozenset({
    "task_routes", "beat_schedule", "task_annotations", "task_default_queue", "task_time_limit", "task_soft_time_limit",
    "task_acks_late", "include", "imports",
})  # fmt: skip
_CONTENT = frozenset({"accept_content", "result_accept_content"})
# To write down what holds anyway is no change.
_DEFAULTS = {
    "task_serializer": '"json"', "result_serializer": '"json"', "accept_content": '["json"]', "enable_utc": "True",
    "timezone": '"UTC"',
}  # fmt: skip
_CONSEQUENCES: Mapping[str, str] = {
    "task_serializer": "workers refuse what is queued in the old form unless `accept_content` still names it, and "
    "those that run the old code refuse the new one",
    "accept_content": "messages that are queued in a form that is not accepted any more are refused and lost",
    "result_serializer": "results that are kept in the old form cannot be read where it is not accepted any more",
    "result_accept_content": "results that are kept in a form that is not accepted any more cannot be read",
    "broker_url": "what waits at another broker stays there, `eta` and `countdown` too: let workers empty it first",
    "result_backend": "who still waits for a result may ask another backend, which does not have it",
    "broker_transport_options": "with another prefix, say, workers and senders do not see each other's messages until "
    "all are deployed",
    "timezone": "schedules by the hour move with it",
    "enable_utc": "schedules by the hour, and naive `eta`, move with it",
    "task_queues": "RabbitMQ refuses a queue that exists with other arguments (PRECONDITION_FAILED): delete it first",
    "task_default_queue_type": "RabbitMQ refuses a queue that exists as another type (PRECONDITION_FAILED)",
    "task_always_eager": "tasks run in the process that calls them, or not any more",
    "beat_scheduler": "the new scheduler does not know when entries ran last",
}


def changed_settings(now: State, then: State) -> Iterator[SettingChange]:
    """The settings of applications of both states that are not written as they were."""
    old = {app.name: (app, project) for project in then.projects for app in project.apps}
    for project in now.projects:
        for app in project.apps:
            if app.name in old:
                yield from _changed(app, project, *old[app.name])


def _changed(app: App, project: Project, old: App, old_project: Project) -> Iterator[SettingChange]:
    known = project.celery.table.known_settings
    for name in sorted(({*app.settings.entries, *old.settings.entries} & known) - _TOLD):
        after, before = app.settings.get(name), old.settings.get(name)
        new_text = _written(after.value, project) if after is not None else None
        old_text = _written(before.value, old_project) if before is not None else None
        if new_text == old_text or _is_default(name, new_text, old_text):
            continue
        place = place_of(Location(after.value.path, after.value.span), project) if after is not None else None
        is_secret = any(word in name for word in _SECRET)
        yield SettingChange(
            app.name,
            name,
            None if is_secret or old_text is None else shortened(old_text),
            None if is_secret or new_text is None else shortened(new_text),
            _CONSEQUENCES.get(name) if name not in _CONTENT or _lost(after, project, before, old_project) else None,
            place,
        )


def _is_default(name: str, after: str | None, before: str | None) -> bool:
    """Whether all that changed is that a default is written down, or not any more."""
    return name in _DEFAULTS and None in (after, before) and _DEFAULTS[name] in (after, before)


def _lost(after: Setting | None, project: Project, before: Setting | None, old_project: Project) -> bool:
    """Whether some content that was accepted is not any more."""
    new = project.evaluator.texts(after.value) if after is not None else ["json"]
    old = old_project.evaluator.texts(before.value) if before is not None else ["json"]
    return new is None or old is None or not {*old} <= {*new}


def _written(value: Placed, project: Project) -> str:
    """VALUE as it is written; a name, as what it stands for is written."""
    followed = project.evaluator.follow(value)
    return " ".join(project.source(followed.path).text(followed.value.span).split()).replace("'", '"')
