"""`html`: one page that needs nothing else: the picture, the tables, the rules that are broken."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from html import escape
from importlib.resources import files

import msgspec

from celery_lint import __version__
from celery_lint.catalogue import load_catalogue
from celery_lint.report.help import help_markdown
from celery_lint.rule import Rule
from celery_lint.views.lanes import Lanes, lanes
from celery_lint.views.model import Picture
from celery_lint.views.page import parts
from celery_lint.views.page.markdown import to_html
from celery_lint.views.readable import readable

_HOLE = re.compile(r"@@(\w+)@@")


def html(picture: Picture, way: str = "", rules: Mapping[str, Rule] | None = None, *, embedded: bool = False) -> str:
    """The page of PICTURE. WAY leads from where the page will stand to the project's root; it ends in `/`. RULES are
    those that ran, by code (else ours). EMBEDDED: it is part of a page that says what it is about."""
    picture = readable(picture)
    layout = lanes(picture)
    return filled(
        _file("page.html"),
        {
            "title": escape(picture.name),
            "version": escape(__version__),
            "frame": ' class="embedded"' if embedded else "",
            "style": theme() + _file("page.css"),
            "script": _file("page.js"),
            "headline": parts.headline(picture),
            "data": _data(picture, layout, way),
            "rules": _rules(picture, rules),
            **_lanes(picture, layout),
            **_tables(picture, way),
        },
    )


def _lanes(picture: Picture, layout: Lanes) -> dict[str, str]:
    each = {"senders": layout.senders, "tasks": layout.tasks, "queues": layout.queues, "workers": layout.workers}
    empty = '<p class="empty">none seen</p>'
    return {
        f"lane_{name}": "".join(parts.group(picture, group) for group in groups) or empty
        for name, groups in each.items()
    }


def _tables(picture: Picture, way: str) -> dict[str, str]:
    gaps = "".join(
        f"<li><strong>{escape(gap.what)}</strong>: {parts.coded(gap.why)} {parts.link(gap.place, way)}</li>"
        for gap in picture.gaps
    )
    problems = parts.problems(picture, way)
    return {
        "task_rows": "".join(parts.task_row(picture, task, way) for task in picture.tasks),
        "worker_rows": "".join(parts.worker_row(picture, worker.id, way) for worker in picture.workers),
        "gaps": f'<section id="gaps"><h2>What could not be told</h2><ul>{gaps}</ul></section>' if gaps else "",
        "problems": problems or '<li class="fine">Nothing wrong was found.</li>',
    }


def _data(picture: Picture, layout: Lanes, way: str) -> str:
    """What the page's script works with. `<` is escaped, so that no text of a project ends the script."""
    data = {"map": msgspec.to_builtins(picture), "lines": msgspec.to_builtins(layout.lines), "way": way}
    data["cards"] = {
        card.id: card.members
        for groups in (layout.senders, layout.tasks, layout.queues, layout.workers)
        for group in groups
        for card in group.cards
    }
    text = json.dumps(data, ensure_ascii=True, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _rules(picture: Picture, rules: Mapping[str, Rule] | None) -> str:
    """What those of RULES that found something say of themselves."""
    known = rules if rules is not None else {rule.code: rule for rule in load_catalogue().rules}
    found = [known[code] for code in sorted({problem.code for problem in picture.problems}) if code in known]
    return "".join(f'<template id="rule-{escape(rule.code)}">{_explained(rule)}</template>' for rule in found)


def _explained(rule: Rule) -> str:
    return to_html(help_markdown(rule))


def theme() -> str:
    """The style that pages share."""
    return _file("theme.css")


def filled(template: str, values: Mapping[str, str]) -> str:
    """TEMPLATE with its holes filled, once: what a value holds is no hole."""
    return _HOLE.sub(lambda hole: values[hole[1]], template)


def _file(name: str) -> str:
    return (files("celery_lint.views.page") / name).read_text(encoding="utf-8")
