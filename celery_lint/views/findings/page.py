"""Puts the page together."""

from __future__ import annotations

import json
from collections.abc import Callable
from html import escape
from importlib.resources import files

from celery_lint import __version__
from celery_lint.report.help import help_markdown
from celery_lint.report.model import Report
from celery_lint.report.summary import afterwards, what_was_read
from celery_lint.report.text import HASH
from celery_lint.rule import Rule
from celery_lint.views.findings import parts
from celery_lint.views.html import filled
from celery_lint.views.html import html as map_page
from celery_lint.views.model import Picture
from celery_lint.views.page.markdown import to_html


def html(report: Report, picture: Callable[[], Picture], way: str = "") -> str:
    """The page of REPORT with the map that PICTURE draws. WAY leads from where the page will stand to the project's
    root; it ends in `/`."""
    read = " ".join((what_was_read(report), *(f"{each}." for each in afterwards(report))))
    clean = '<p class="clean"><strong>No findings.</strong></p>'
    return filled(
        _file("findings.html"),
        {
            "title": parts.shown(report.root.name or "/"),
            "version": escape(__version__),
            "style": (files("celery_lint.views.page") / "theme.css").read_text(encoding="utf-8")
            + _file("findings.css"),
            "script": _file("findings.js"),
            "read": parts.shown(read),
            "total": str(len(report.findings)),
            "switches": parts.severities(report),
            "groups": parts.groups(report, way) or clean,
            "rules": _rules(report),
            "map": _embedded(map_page(picture(), way, report.rules, embedded=True)),
        },
    )


def _rules(report: Report) -> str:
    """What the rules that found something say of themselves."""
    codes = {finding.code for finding in report.findings}
    return "".join(_explained(rule, report) for code, rule in report.rules.items() if code in codes)


def _explained(rule: Rule, report: Report) -> str:
    url = report.urls.get(rule.code)
    link = f'<p><a href="{escape(url)}">{escape(url)}</a></p>' if url else ""
    title = f'<p class="kind">{escape(rule.severity.label)}</p><h3>{escape(f"{rule.code} {rule.name}")}</h3>'
    return f'<template id="rule-{escape(rule.code)}">{title}{to_html(help_markdown(rule))}{link}</template>'


def _embedded(page: str) -> str:
    """PAGE as a text of JSON that ends no script."""
    text = json.dumps(HASH.sub("&#35;#", page))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _file(name: str) -> str:
    return (files("celery_lint.views.findings") / name).read_text(encoding="utf-8")
