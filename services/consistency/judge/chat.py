"""A chat model behind an OpenAI-compatible endpoint, asked within bounds of time, number and cost."""

import asyncio
import logging
from collections.abc import Sequence
from time import monotonic

import httpx
import stamina

from services.consistency.domain.contradiction.review import Texts
from services.consistency.judge.asking import probability_in, question
from services.consistency.judge.bounds import Circuit, Clock, Hourly, Patience
from services.consistency.judge.settings import JudgeSettings

logger = logging.getLogger(__name__)

ATTEMPTS = 3
LONGEST_PAUSE = 2.0
"""Seconds between two attempts at the most, whatever the endpoint asks for."""


class NotAsked(Exception):
    """A bound is reached; the endpoint has nothing to do with it."""


class ChatReviewer:
    """Waits for the answers, so it is not asked from within an event loop."""

    def __init__(self, settings: JudgeSettings, clock: Clock = monotonic) -> None:
        self._url = f"{str(settings.url).rstrip('/')}/chat/completions"
        self._headers = {"Authorization": f"Bearer {settings.key.get_secret_value()}"} if settings.key else {}
        self._model = settings.model
        self._timeout = settings.timeout
        self._concurrency = settings.concurrency
        self._tls = httpx.create_ssl_context()
        self._clock = clock
        self._patience = Patience(settings.wait, clock)
        self._hourly = Hourly(settings.requests_an_hour, clock)
        self._circuit = Circuit(clock)

    def opinions(self, pairs: Sequence[Texts]) -> list[float | None]:
        started = self._clock()
        answers = asyncio.run(self._opinions(pairs, started + self._patience.left()))
        self._patience.spend(self._clock() - started)
        return answers

    async def _opinions(self, pairs: Sequence[Texts], until: float) -> list[float | None]:
        seats = asyncio.Semaphore(self._concurrency)
        async with httpx.AsyncClient(headers=self._headers, verify=self._tls, timeout=self._timeout) as client:

            async def seated(pair: Texts) -> float | None:
                async with seats:
                    return await self._opinion(client, pair, until)

            return await asyncio.gather(*map(seated, pairs))

    async def _opinion(self, client: httpx.AsyncClient, pair: Texts, until: float) -> float | None:
        try:
            async for attempt in stamina.retry_context(
                on=passing, attempts=ATTEMPTS, wait_initial=0.2, wait_max=LONGEST_PAUSE, wait_jitter=0.3
            ):
                with attempt:
                    return await self._ask(client, pair, until)
        except NotAsked:
            pass
        except (httpx.HTTPError, TimeoutError, ValueError) as error:
            logger.warning("the judge did not answer", extra={"reason": reason_of(error)})
        return None

    async def _ask(self, client: httpx.AsyncClient, pair: Texts, until: float) -> float:
        """One request, which is over by `until`."""
        if not self._circuit.closed() or self._clock() + self._timeout > until or not self._hourly.take():
            raise NotAsked
        try:
            async with asyncio.timeout(self._timeout):
                response = await client.post(self._url, json=question(self._model, pair))
            response.raise_for_status()
            answer = probability_in(response.content)
        except (httpx.HTTPError, TimeoutError, ValueError):
            self._circuit.failed()
            raise
        self._circuit.answered()
        return answer


def passing(error: Exception) -> bool | float:
    """For stamina: whether to try again, and after how long where the endpoint said so."""
    if isinstance(error, httpx.HTTPStatusError):
        if error.response.status_code != 429 and not error.response.is_server_error:
            return False
        asked = error.response.headers.get("retry-after", "")
        return min(float(asked), LONGEST_PAUSE) if asked.isdecimal() else True
    return isinstance(error, httpx.TransportError) and not isinstance(error, httpx.TimeoutException)


def reason_of(error: Exception) -> str:
    """Without anything that was sent or answered."""
    return f"HTTP {error.response.status_code}" if isinstance(error, httpx.HTTPStatusError) else type(error).__name__
