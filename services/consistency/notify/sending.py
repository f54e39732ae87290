"""One try to bring a notification to its receiver, in bounded time."""

import asyncio
import socket
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import aiosmtplib
import httpx
import orjson

from services.consistency.notify.content import mail_of, slack_body
from services.consistency.notify.notification import Notification
from services.consistency.notify.receivers import (
    LONGEST_TIMEOUT,
    MICROSECONDS,
    AnyReceiver,
    EmailReceiver,
    Hook,
    SlackReceiver,
    WebhookReceiver,
    is_forbidden,
)

GONE = 410
PERMANENT = 500
"""From this code on an SMTP server says that trying again does not help."""
AGENT = "Onevoice"


@dataclass(frozen=True, slots=True)
class Outcome:
    """`problem` None: taken. `again`: whether trying again may help; `after`: seconds that the receiver asked for."""

    problem: str | None = None
    again: bool = True
    after: float | None = None


TAKEN = Outcome()


class Sender:
    """Redirects are not followed and no proxy of the environment is used: what is sent goes where the file says."""

    def __init__(self) -> None:
        self._http = httpx.AsyncClient(
            follow_redirects=False,
            trust_env=False,
            verify=ssl.create_default_context(),  # the system's authorities, and those of SSL_CERT_FILE
            timeout=LONGEST_TIMEOUT,  # each try is bounded as a whole besides
            limits=httpx.Limits(max_connections=100, max_keepalive_connections=20),
        )

    async def close(self) -> None:
        await self._http.aclose()

    async def send(self, notification: Notification, receiver: AnyReceiver, now: int) -> Outcome:
        try:
            async with asyncio.timeout(receiver.timeout / MICROSECONDS):
                if isinstance(receiver, EmailReceiver):
                    return await self._mail(notification, receiver)
                return await self._post(notification, receiver, now)
        except TimeoutError:
            return Outcome(f"no answer within {receiver.timeout / MICROSECONDS:g} seconds")
        except ValueError as error:  # a secret or an address that is not there any more
            return Outcome(str(error))

    async def _post(self, notification: Notification, receiver: WebhookReceiver | SlackReceiver, now: int) -> Outcome:
        target = receiver.target
        headers = {"Content-Type": "application/json", "User-Agent": AGENT, "webhook-id": notification.id}
        if isinstance(receiver, WebhookReceiver):
            body = notification.body
            moment = datetime.fromtimestamp(now // MICROSECONDS, UTC)
            headers["webhook-timestamp"] = str(now // MICROSECONDS)
            headers["webhook-signature"] = receiver.signer.sign(notification.id, moment, body)
        else:
            body = orjson.dumps(slack_body(notification)).decode()
        try:
            if problem := await forbidden(target):
                return Outcome(problem, again=False)
            # What is answered is not read: it may be large, and is nobody's to see here.
            async with self._http.stream("POST", target, content=body.encode(), headers=headers) as answer:
                return outcome_of(answer, now)
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            return Outcome(f"{type(error).__name__}: {hidden(error, receiver)}")

    async def _mail(self, notification: Notification, receiver: EmailReceiver) -> Outcome:
        try:
            refused, _ = await aiosmtplib.send(
                mail_of(notification, receiver),
                hostname=receiver.host,
                port=receiver.port,
                username=receiver.user,
                password=receiver.password,
                use_tls=receiver.tls == "tls",
                start_tls=receiver.tls == "starttls",
                timeout=receiver.timeout / MICROSECONDS,
            )
        except aiosmtplib.SMTPRecipientsRefused as error:
            codes = [one.code for one in error.recipients]
            return Outcome(f"every recipient was refused ({codes[0]})", again=min(codes) < PERMANENT)
        except aiosmtplib.SMTPResponseException as error:
            permanent = error.code >= PERMANENT and not isinstance(error, aiosmtplib.SMTPAuthenticationError)
            return Outcome(f"{type(error).__name__}: {error.code} {error.message}"[:300], again=not permanent)
        except (aiosmtplib.SMTPException, OSError) as error:
            return Outcome(f"{type(error).__name__}: {error}"[:300])
        return TAKEN if not refused else Outcome(f"taken, but not for {', '.join(refused)}", again=False)


def outcome_of(answer: httpx.Response, now: int) -> Outcome:
    if answer.is_success:
        return TAKEN
    problem = f"HTTP {answer.status_code} {answer.reason_phrase}".strip()
    if answer.is_redirect:
        problem += ": redirects are not followed; name the address itself"
    return Outcome(problem, again=answer.status_code != GONE, after=retry_after(answer, now))


def retry_after(answer: httpx.Response, now: int) -> float | None:
    """Seconds, from a number or a date (RFC 9110); None where there is none that can be read."""
    text = answer.headers.get("retry-after", "").strip()
    if text.isascii() and text.isdecimal():
        return float(text[:9])
    try:
        return max(parsedate_to_datetime(text).timestamp() - now / MICROSECONDS, 0.0) if text else None
    except ValueError:
        return None


async def forbidden(target: str) -> str | None:
    """Why nothing is sent to where the host's name leads now; None where something is."""
    parts = urlsplit(target)
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    if any(is_forbidden(str(place[0])) for *_, place in found):
        return f"{host} leads to an address that is link-local, multicast or unspecified"
    return None


def hidden(error: Exception, receiver: Hook) -> str:
    """What went wrong, without the address: a path may be a secret."""
    return str(error).replace(receiver.target, receiver.where)[:300]
