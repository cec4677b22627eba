"""Which line of the checklist a rule belongs to."""

from __future__ import annotations

from collections.abc import Mapping

from celery_lint.views.review.model import Kind

_ROWS: Mapping[Kind, tuple[str, ...]] = {
    "registration": ("CEL201", "CEL202", "CEL405"),
    "declaration": ("CEL401", "CEL402", "CEL403", "CEL404", "CEL406", "CEL901", "CEL902"),
    "runs on": ("CEL205", "CEL207", "CEL208", "CEL211", "CEL212", "CEL216", "CEL217", "CEL218", "CEL407"),
    "event loop": ("CEL101", "CEL102", "CEL103", "CEL104", "CEL106", "CEL108", "CEL109"),
    "session": ("CEL304", "CEL305", "CEL308"),
    "engine": ("CEL105", "CEL301", "CEL302", "CEL303", "CEL307"),
    "limits": ("CEL213", "CEL501", "CEL502"),
    "waiting": ("CEL512", "CEL515"),
    "retries": (
        "CEL503", "CEL504", "CEL505", "CEL506", "CEL507", "CEL508", "CEL509", "CEL513", "CEL514", "CEL516",
        "CEL522",
    ),
    "acknowledgement": ("CEL510", "CEL511"),
    "print": ("CEL408",),
    "callers": (
        "CEL107", "CEL601", "CEL602", "CEL603", "CEL604", "CEL605", "CEL606", "CEL612", "CEL614", "CEL615", "CEL616",
        "CEL618", "CEL903",
    ),
    "sends": ("CEL607", "CEL608", "CEL610", "CEL611", "CEL617"),
    "schedule": ("CEL701", "CEL703", "CEL704", "CEL705", "CEL706", "CEL709"),
}  # fmt: skip

# These are about the project as a whole, its deployment or its settings, or about code that no task runs.
NOT_ABOUT_ONE_TASK = frozenset({
    "CEL001", "CEL002", "CEL203", "CEL204", "CEL206", "CEL209", "CEL210", "CEL214", "CEL215", "CEL306", "CEL609",
    "CEL613", "CEL702", "CEL707", "CEL801", "CEL802", "CEL803", "CEL804", "CEL805", "CEL806", "CEL807", "CEL808",
    "CEL809", "CEL810", "CEL819",
})  # fmt: skip

ROW_OF: Mapping[str, Kind] = {code: kind for kind, codes in _ROWS.items() for code in codes}
