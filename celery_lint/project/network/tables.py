"""What is known of the clients that tasks use: which calls wait for somebody else, and for how long by default."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Kind = Literal["http", "mail", "ftp", "socket", "process", "cloud", "ssh"]
# given: the code says how long; default: the library does; none: for ever; unknown: that cannot be told.
Timeout = Literal["given", "default", "none", "unknown"]


class Service(Struct, frozen=True):
    """One call that waits: its KIND, what it does without a timeout, and how it is given one: the KEYWORD (None: it
    takes none) and its POSITION (None: by keyword only)."""

    kind: Kind
    default: Timeout
    keyword: str | None = "timeout"
    position: int | None = None
    # The standard library's sockets follow `socket.setdefaulttimeout`.
    follows_socket: bool = False


class Client(Struct, frozen=True):
    """What the methods of a client do; METHODS None: all of them. AT_CONSTRUCTION is the keyword of its constructor
    that gives its calls a timeout."""

    service: Service
    methods: frozenset[str] | None
    at_construction: str | None = None


_VERBS = frozenset({"get", "post", "put", "patch", "delete", "head", "options", "request"})
_HTTP = Service("http", "none")
_HTTPX = Service("http", "default")
_PROCESS = Service("process", "none")
_CLOUD = Service("cloud", "default", None)
_MAIL = Service("mail", "unknown", None)


def _socket(kind: Kind, position: int | None) -> Service:
    return Service(kind, "none", "timeout", position, follows_socket=True)


FUNCTIONS: dict[str, Service] = {
    **{f"requests.{verb}": _HTTP for verb in _VERBS},
    **{f"requests.api.{verb}": _HTTP for verb in _VERBS},
    **{f"httpx.{verb}": _HTTPX for verb in (*_VERBS, "stream")},
    "urllib.request.urlopen": _socket("http", 2),
    "six.moves.urllib.request.urlopen": _socket("http", 2),
    "urllib.request.urlretrieve": Service("http", "none", None, follows_socket=True),
    "urllib3.request": _HTTP,
    "http.client.HTTPConnection": _socket("http", 2),
    "http.client.HTTPSConnection": _socket("http", None),
    "smtplib.SMTP": _socket("mail", 3),
    "smtplib.SMTP_SSL": _socket("mail", None),
    "smtplib.LMTP": Service("mail", "none", None, follows_socket=True),
    "ftplib.FTP": _socket("ftp", 4),
    "ftplib.FTP_TLS": _socket("ftp", None),
    "imaplib.IMAP4": _socket("mail", 2),
    "imaplib.IMAP4_SSL": _socket("mail", None),
    "poplib.POP3": _socket("mail", 2),
    "poplib.POP3_SSL": _socket("mail", None),
    "telnetlib.Telnet": _socket("socket", 2),
    "socket.create_connection": _socket("socket", 1),
    "subprocess.run": _PROCESS,
    "subprocess.call": _PROCESS,
    "subprocess.check_call": _PROCESS,
    "subprocess.check_output": _PROCESS,
    "subprocess.getoutput": Service("process", "none", None),
    "subprocess.getstatusoutput": Service("process", "none", None),
    "os.system": Service("process", "none", None),
    "django.core.mail.send_mail": _MAIL,
    "django.core.mail.send_mass_mail": _MAIL,
    "django.core.mail.mail_admins": _MAIL,
    "django.core.mail.mail_managers": _MAIL,
}

_SESSION = Client(_HTTP, _VERBS | {"send"})
_HTTPX_CLIENT = Client(_HTTPX, _VERBS | {"send", "stream"}, "timeout")
_MAILBOX = Client(Service("mail", "unknown", None), None, "timeout")
_DJANGO_MAIL = Client(_MAIL, frozenset({"send", "send_messages"}))
_SDK = Client(_CLOUD, None)

# By what makes them. The methods of an SDK may stand deeper: `client.chat.completions.create`.
CLIENTS: dict[str, Client] = {
    **dict.fromkeys((
        "requests.Session", "requests.session", "requests.sessions.Session", "requests.sessions.session",
        "requests_oauthlib.OAuth1Session", "requests_oauthlib.OAuth2Session", "requests_html.HTMLSession",
        "requests_toolbelt.sessions.BaseUrlSession", "requests_cache.CachedSession", "cloudscraper.create_scraper",
        "authlib.integrations.requests_client.OAuth2Session",
    ), _SESSION),
    **dict.fromkeys(("httpx.Client", "httpx.AsyncClient"), _HTTPX_CLIENT),
    "aiohttp.ClientSession": Client(_HTTPX, _VERBS | {"ws_connect"}, "timeout"),
    "urllib3.PoolManager": Client(_HTTP, frozenset({"request", "urlopen"}), "timeout"),
    "urllib3.ProxyManager": Client(_HTTP, frozenset({"request", "urlopen"}), "timeout"),
    "google.auth.transport.requests.AuthorizedSession": Client(_HTTPX, _VERBS),
    **dict.fromkeys((
        "smtplib.SMTP", "smtplib.SMTP_SSL", "imaplib.IMAP4", "imaplib.IMAP4_SSL", "poplib.POP3", "poplib.POP3_SSL",
    ), _MAILBOX),
    "ftplib.FTP": Client(Service("ftp", "unknown", None), None, "timeout"),
    "ftplib.FTP_TLS": Client(Service("ftp", "unknown", None), None, "timeout"),
    **dict.fromkeys((
        "django.core.mail.EmailMessage", "django.core.mail.EmailMultiAlternatives", "django.core.mail.get_connection",
        "django.core.mail.message.EmailMessage", "django.core.mail.message.EmailMultiAlternatives",
    ), _DJANGO_MAIL),
    "subprocess.Popen": Client(_PROCESS, frozenset({"communicate", "wait"})),
    "paramiko.SSHClient": Client(Service("ssh", "unknown", None), frozenset({"connect", "exec_command"})),
    **dict.fromkeys((
        "boto3.client", "boto3.resource", "openai.OpenAI", "openai.AsyncOpenAI", "openai.AzureOpenAI",
        "anthropic.Anthropic", "anthropic.AsyncAnthropic", "slack_sdk.WebClient", "slack_sdk.web.WebClient",
        "slack_sdk.webhook.WebhookClient", "elasticsearch.Elasticsearch", "twilio.rest.Client",
        "sendgrid.SendGridAPIClient", "github.Github", "telegram.Bot",
    ), _SDK),
}  # fmt: skip
# Where a method takes its timeout by position.
POSITIONS = {"communicate": 1, "wait": 0}
