"""Which calls go to the network or start a process, and what timeout they have."""

from __future__ import annotations

import pytest

from celery_lint.project.code.symbols import FunctionRef
from celery_lint.project.network.outgoing import Outgoing
from tests.project.support import linked

PARTIAL = "import requests\nfrom functools import partial\n"


def outgoing(head: str, body: str, files: dict[str, str] | None = None) -> list[Outgoing]:
    """The outgoing calls of the function `f` with BODY, below HEAD."""
    lines = "\n".join(f"    {line}" for line in body.splitlines())
    found = linked(
        {"proj/__init__.py": "", "proj/a.py": f"{head}\ndef f(url, *args, **kwargs):\n{lines}\n", **(files or {})}
    )
    index = found.index("proj/a.py")
    fact = next(each for each in index.facts.functions if each.qualname == "f")
    return list(found.network.of(FunctionRef("proj/a.py", fact.block)))


@pytest.mark.parametrize(
    ("head", "body", "expected"),
    [
        ("import requests", "requests.get(url)", "requests.get none"),
        ("import requests", "requests.get(url, timeout=5)", "requests.get given"),
        ("import requests", "requests.get(url, timeout=None)", "requests.get none"),
        ("import requests", "requests.get(url, **kwargs)", "requests.get unknown"),
        ("import requests\nO = {'timeout': 3}", "requests.get(url, **O)", "requests.get given"),
        ("from requests import post as send", "send(url)", "requests.post none"),
        ("import requests", "requests.Session().get(url)", "requests.Session().get none"),
        ("import requests", "s = requests.Session()\ns.headers = {}\ns.get(url)", "s.get none"),
        ("import requests", "with requests.Session() as s:\n    s.post(url)", "s.post none"),
        ("import requests\nsession = requests.Session()", "session.put(url)", "session.put none"),
        ("import requests\ndef make():\n    return requests.Session()", "make().get(url)", "make().get none"),
        ("import requests\nclass S(requests.Session): ...", "S().get(url)", "S().get unknown"),
        (
            "import requests\nclass A(requests.adapters.HTTPAdapter): ...",
            "s = requests.Session()\ns.mount('https://', A())\ns.get(url)",
            "s.get unknown",
        ),
        (f"{PARTIAL}get = partial(requests.get, timeout=9)", "get(url)", "get given"),
        (f"{PARTIAL}get = partial(requests.get)", "get(url)", "get none"),
        ("import requests\nrequests.adapters.TimeoutSauce = T", "requests.get(url)", "requests.get unknown"),
        ("import httpx", "httpx.get(url)", "httpx.get default"),
        ("import httpx", "httpx.get(url, timeout=None)", "httpx.get none"),
        ("import httpx", "with httpx.Client(timeout=None) as c:\n    c.get(url)", "c.get none"),
        ("import httpx", "with httpx.Client(timeout=httpx.Timeout(None)) as c:\n    c.get(url)", "c.get none"),
        ("import httpx", "httpx.Client(timeout=30).get(url)", "httpx.Client().get given"),
        ("import httpx", "httpx.Client(timeout=None).get(url, timeout=3)", "httpx.Client().get given"),
        ("import aiohttp", "s = aiohttp.ClientSession()\ns.get(url)", "s.get default"),
        ("from urllib.request import urlopen", "urlopen(url)", "urllib.request.urlopen none"),
        ("from urllib.request import urlopen", "urlopen(url, None, 5)", "urllib.request.urlopen given"),
        ("import socket, smtplib\nsocket.setdefaulttimeout(9)", "smtplib.SMTP('host')", "smtplib.SMTP default"),
        ("import smtplib", "smtplib.SMTP('host')", "smtplib.SMTP none"),
        ("import smtplib", "smtplib.SMTP('host', 25, None, 10)", "smtplib.SMTP given"),
        ("import subprocess", "subprocess.run(['ls'])", "subprocess.run none"),
        ("import subprocess", "subprocess.check_output(['ls'], timeout=4)", "subprocess.check_output given"),
        ("import subprocess", "p = subprocess.Popen(['ls'])\np.communicate()", "p.communicate none"),
        ("import subprocess", "p = subprocess.Popen(['ls'])\np.communicate(None, 5)", "p.communicate given"),
        ("import boto3", "boto3.client('s3').put_object(Key=url)", "boto3.client().put_object default"),
        ("from openai import OpenAI\nc = OpenAI()", "c.a.b.create(model=url)", "c.a.b.create default"),
        ("from django.core.mail import send_mail", "send_mail('a', url)", "django.core.mail.send_mail unknown"),
        ("import requests, gevent", "with gevent.Timeout(5):\n    requests.get(url)", "requests.get given"),
        ("import requests", "url.get('a'); {}.get(1); kwargs.get('b')", ""),
        ("import requests", "requests.Request('GET', url)", ""),
        ("import requests", "s = cache()\ns.get(url)", ""),
        ("from proj import requests", "requests.get(url)", ""),
    ],
)  # fmt: skip
def test_outgoing_calls(head: str, body: str, expected: str) -> None:
    """By what the name means, and where the client is made."""
    found = outgoing(head, body, {"proj/requests.py": "def get(url): ...\n"})
    assert ", ".join(f"{each.name} {each.timeout}" for each in found) == expected


def test_a_client_on_self() -> None:
    """A session that the constructor of the class makes."""
    made = "import requests\nclass A:\n    def __init__(self):\n        self.s = requests.Session()\n"
    found = linked({"proj/a.py": f"{made}    def g(self):\n        self.s.get('x')\n"})
    functions = {fact.name: FunctionRef("proj/a.py", fact.block) for fact in found.index("proj/a.py").facts.functions}
    [call] = found.network.of(functions["g"])
    assert (call.name, call.timeout, call.kind, call.library) == ("self.s.get", "none", "http", "requests")
