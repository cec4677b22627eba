"""Which settings of applications a change alters, and what that does to messages that are on their way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property

from msgspec import Struct

from celery_lint.finding import Location
from celery_lint.project.code.values import Known
from celery_lint.project.model import App, Setting
from celery_lint.project.project import Project
from celery_lint.views.drawing.canvas import shortened
from celery_lint.views.review.model import SettingChange
from celery_lint.views.review.state import State
from celery_lint.views.review.subject import place_of

HIDDEN = "…"
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
    "broker_url": "if it leads to another broker, what waits at the old one stays there, `eta` and `countdown` "
    "too: let workers empty it first",
    "result_backend": "if it leads elsewhere, who still waits for a result asks a backend that does not have it",
    "broker_transport_options": "with another prefix, say, workers and senders do not see each other's messages until "
    "all are deployed",
    "timezone": "schedules by the hour move with it",
    "enable_utc": "schedules by the hour, and naive `eta`, move with it",
    "task_queues": "RabbitMQ refuses a queue that exists with other arguments (PRECONDITION_FAILED): delete it first",
    "task_default_queue_type": "RabbitMQ refuses a queue that exists as another type (PRECONDITION_FAILED)",
    "task_always_eager": "tasks run in the process that calls them, or not any more",
    "beat_scheduler": "the new scheduler does not know when entries ran last",
}


class _Side(Struct, frozen=True, dict=True):
    """A SETTING in one of the states; None when it is not set."""

    setting: Setting | None
    project: Project

    @cached_property
    def text(self) -> str | None:
        """Its value as it is written; a name, as what it stands for is written."""
        if self.setting is None:
            return None
        followed = self.project.evaluator.follow(self.setting.value)
        text = self.project.source(followed.path).text(followed.value.span)
        return " ".join(text.split()).replace("'", '"')

    @cached_property
    def value(self) -> Known[object] | None:
        """Its value, when that is known."""
        known = self.project.evaluator.scalar(self.setting.value) if self.setting is not None else None
        return Known(known.value) if isinstance(known, Known) else None

    @cached_property
    def accepted(self) -> frozenset[str] | None:
        """The kinds of content that it accepts; None when they cannot be told."""
        if self.setting is None:
            return frozenset({"json"})
        texts = self.project.evaluator.texts(self.setting.value)
        return frozenset(texts) if texts is not None else None


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
        after, before = _Side(app.settings.get(name), project), _Side(old.settings.get(name), old_project)
        if not _is_same(name, after, before):
            value = after.setting.value if after.setting is not None else None
            yield SettingChange(
                app.name,
                name,
                _shown(name, before.text),
                _shown(name, after.text),
                _consequence(name, after, before),
                place_of(Location(value.path, value.span), project) if value is not None else None,
            )


def _consequence(name: str, after: _Side, before: _Side) -> str | None:
    if name in _CONTENT and _keeps(after, before):
        return None
    if name == "result_backend" and after.setting is None:
        return "results are kept nowhere any more, and whoever waits for one gets an error"
    if name in ("result_backend", "broker_url") and before.setting is None:
        return None
    return _CONSEQUENCES.get(name)


def _is_same(name: str, after: _Side, before: _Side) -> bool:
    """Whether both say the same, or all that changed is that a default is written down."""
    texts = (after.text, before.text)
    if after.text == before.text or (after.value is not None and after.value == before.value):
        return True
    return name in _DEFAULTS and None in texts and _DEFAULTS[name] in texts


def _keeps(after: _Side, before: _Side) -> bool:
    """Whether all content that was accepted still is."""
    return after.accepted is not None and before.accepted is not None and before.accepted <= after.accepted


def _shown(name: str, text: str | None) -> str | None:
    if text is None:
        return None
    return HIDDEN if any(word in name for word in _SECRET) else shortened(text)
