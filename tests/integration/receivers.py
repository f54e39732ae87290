"""Receivers of notifications, as real servers: one takes Standard Webhooks and verifies them, one takes mail."""

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import orjson
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session
from standardwebhooks import Webhook, WebhookVerificationError

from deploy.local.ports import LOOPBACK, free_port

SECRET = "whsec_b25jZS11cG9uLWEtc2VjcmV0LW9mLXRlc3Rz"
HANG_SECONDS = 30.0


@dataclass
class Hooks:
    """Answers as it is told to: `status`, or not at all while it `hangs`. `taken` has what it answered 200 for, by
    `webhook-id`: what comes again under an id that it knows is no second notification."""

    url: str = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    hangs: bool = False
    requests: list[tuple[str, bytes]] = field(default_factory=list)
    forged: list[str] = field(default_factory=list)
    taken: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def ids(self) -> list[str]:
        return [name for name, _ in self.requests]

    def alerts(self) -> list[tuple[str, str]]:
        """(alert, change) of everything taken, in the order in which it came first."""
        return [
            (alert["id"], alert["change"])
            for content in self.taken.values()
            for alert in content["data"].get("alerts", ())
        ]


@contextmanager
def hook_receiver(secret: str | None = SECRET, port: int = 0) -> Iterator[Hooks]:
    """`secret` None: takes what is not signed."""
    hooks = Hooks()
    ended = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            name = self.headers["webhook-id"]
            try:
                if secret is not None:
                    Webhook(secret).verify(body, dict(self.headers.items()))
            except WebhookVerificationError as error:
                hooks.forged.append(str(error))
            hooks.requests.append((name, body))
            deadline = time.monotonic() + HANG_SECONDS
            while hooks.hangs and not ended.is_set() and time.monotonic() < deadline:
                time.sleep(0.05)
            if hooks.status < 300 and name not in hooks.taken:
                hooks.taken[name] = orjson.loads(body)
            self.send_response(hooks.status)
            for header, value in {**hooks.headers, "content-length": "0"}.items():
                self.send_header(header, value)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer((LOOPBACK, port), Handler)
    server.daemon_threads = True
    server.block_on_close = False
    hooks.url = f"http://{LOOPBACK}:{server.server_port}/hook"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield hooks
    finally:
        ended.set()
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass
class Mailbox:
    port: int
    refuses: str = ""
    """What it answers to a message, where it does not take it."""
    mails: list[Message] = field(default_factory=list)

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        if self.refuses:
            return self.refuses
        assert isinstance(envelope.content, bytes)
        self.mails.append(message_from_bytes(envelope.content))
        return "250 taken"


@contextmanager
def mail_receiver(**options: Any) -> Iterator[Mailbox]:
    """`options` as aiosmtpd has them, `tls_context` for one."""
    with ExitStack() as held:
        mailbox = Mailbox(free_port(LOOPBACK, held))
    controller = Controller(mailbox, hostname=LOOPBACK, port=mailbox.port, **options)
    controller.start()
    try:
        yield mailbox
    finally:
        controller.stop()


def accepts(user: str, password: str) -> Any:
    """An authenticator of aiosmtpd."""

    def check(_server: object, _session: object, _envelope: object, _mechanism: object, given: Any) -> AuthResult:
        return AuthResult(success=(given.login.decode(), given.password.decode()) == (user, password))

    return check
