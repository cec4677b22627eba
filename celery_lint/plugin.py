"""Everything that a rule of your own is written with: import from here, and from nowhere else in celery-lint.

What this module names keeps its meaning until the next major version; the rest of the package may change any day.
"""

from celery_lint.finding import Applicability, Confidence, Finding, Location, Related, Severity, Span
from celery_lint.project.calls.calls import TaskCall
from celery_lint.project.code.values import Known, Placed, Unknown
from celery_lint.project.model import (
    App,
    CeleryCommand,
    Option,
    Queue,
    Reached,
    Route,
    ScheduleEntry,
    Setting,
    Task,
    Worker,
)  # fmt: skip
from celery_lint.project.project import Project
from celery_lint.project.settings.written import WrittenSetting
from celery_lint.remedy import AddArgument, EditCode, EditCommand, Replacement
from celery_lint.rule import ERROR, HIGH, INFO, LOW, MEDIUM, WARNING, Rule, rule

__all__ = [
    "ERROR",
    "HIGH",
    "INFO",
    "LOW",
    "MEDIUM",
    "WARNING",
    "AddArgument",
    "App",
    "Applicability",
    "CeleryCommand",
    "Confidence",
    "EditCode",
    "EditCommand",
    "Finding",
    "Known",
    "Location",
    "Option",
    "Placed",
    "Project",
    "Queue",
    "Reached",
    "Related",
    "Replacement",
    "Route",
    "Rule",
    "ScheduleEntry",
    "Setting",
    "Severity",
    "Span",
    "Task",
    "TaskCall",
    "Unknown",
    "Worker",
    "WrittenSetting",
    "rule",
]
