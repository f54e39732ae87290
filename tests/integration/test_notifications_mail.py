"""Notifications by mail, taken by a real SMTP server."""

import ssl
import subprocess
from email.message import Message
from pathlib import Path

import pytest

from shared.mongo import Database
from tests.integration.notifying import CONSOLE, desk_with
from tests.integration.receivers import accepts, mail_receiver

MAIL = """
[receiver.mail]
type = "email"
to = ["ops@example.com", "Second <second@example.com>"]
from = "Onevoice <onevoice@example.com>"
host = "localhost"
port = PORT
tls = "starttls"
user = "onevoice"
password_env = "TEST_MAIL_PASSWORD"
attempts = 4
"""


async def test_mail_goes_out_over_starttls_with_login_and_a_stable_message_id(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = certified(tmp_path, monkeypatch)
    monkeypatch.setenv("TEST_MAIL_PASSWORD", "open sesame")
    route = '[[route]]\nname = "all"\nto = ["mail"]\ngroup_wait = "0s"\ngroup_interval = "1s"\n'
    options = {"tls_context": context, "require_starttls": True, "auth_required": True}
    with mail_receiver(authenticator=accepts("onevoice", "open sesame"), **options) as mailbox:
        text = route + MAIL.replace("PORT", str(mailbox.port))
        async with desk_with(database, tmp_path, text) as desk:
            mailbox.refuses = "451 greylisted"
            await desk.say("a1", reason="line\r\nBcc: all@example.com")
            await desk.go()
            assert mailbox.mails == []
            mailbox.refuses = ""
            await desk.go(7)
            await desk.say("a1", "resolved")
            await desk.go(3)
            mailbox.refuses = "554 no"
            await desk.say("a1")
            await desk.go(3)
            assert await desk.states() == ["dead", "sent", "sent"]
    opened, closed = mailbox.mails
    assert opened["Subject"] == "[Onevoice] Alert: 1 open (contradiction, marketing, sales)"
    assert closed["Subject"].startswith("[Onevoice] Alert: 1 closed")
    assert (opened["To"], opened["Bcc"]) == ("ops@example.com, Second <second@example.com>", None)
    assert opened["References"] == closed["References"]
    assert opened["Message-ID"] == f"<{opened['Webhook-Id']}@example.com>" != closed["Message-ID"]
    assert f"{CONSOLE}/alerts/a1" in words_of(opened)


def words_of(mail: Message) -> str:
    payload = mail.get_payload(decode=True)
    assert isinstance(payload, bytes)
    return payload.decode()


def certified(folder: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """A certificate for localhost that this process trusts."""
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    options = ["-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    names = ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(["openssl", "req", "-x509", *options, *names], check=True, capture_output=True)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    return context
