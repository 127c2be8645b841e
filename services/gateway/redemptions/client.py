"""The way to the redemption service: one HTTP request, answered or not."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp

from libs.contracts import codes as wire_codes
from libs.contracts import redemption as wire
from libs.contracts.carts import CartAsk
from libs.contracts.codes import CodeAsk, ValueAnswer
from libs.contracts.games import GameAsk
from libs.contracts.gift_cards import CardAsk
from libs.contracts.households import HouseholdAsk
from libs.contracts.redemption import Answer, Ask
from libs.runtime import logs
from services.gateway.door.problems import FieldError, ProblemError
from services.gateway.settings import RedemptionPart

log = logs.get(__name__)
RETRY_SECONDS = "2"
_CONNECTIONS = 50


class RedemptionClient:
    """Asks redemption. Without an address nobody is asked, and everything is answered 503."""

    def __init__(self, settings: RedemptionPart, token: str) -> None:
        self._settings = settings
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self._session: aiohttp.ClientSession | None = None

    @asynccontextmanager
    async def running(self) -> AsyncIterator[RedemptionClient]:
        """Keep connections while the block runs."""
        timeout = aiohttp.ClientTimeout(total=self._settings.answers_within.total_seconds())
        connector = aiohttp.TCPConnector(limit=_CONNECTIONS)
        async with aiohttp.ClientSession(timeout=timeout, connector=connector) as self._session:
            yield self
        self._session = None

    async def ask(self, ask: Ask) -> Answer:
        """Return what became of a request about points.

        Raises:
            ProblemError: it was refused, or 503: it is not known whether it was done.
        """
        answer = wire.read_answer(await self._post(wire.PATH, wire.write(ask)))
        if answer.refused is not None:
            raise ProblemError(answer.refused, answer.detail)
        return answer

    async def ask_value(self, path: str, ask: CodeAsk | CardAsk | CartAsk | GameAsk | HouseholdAsk) -> ValueAnswer:
        """Return what became of a request about a code, a gift card, a cart, a game or a household.

        Raises:
            ProblemError: it was refused, with every reason, or 503: it is not known whether it was done.
        """
        answer = wire_codes.read_value_answer(await self._post(path, wire_codes.write(ask)))
        if answer.refused is not None:
            headers = {} if answer.retry_after is None else {"Retry-After": str(answer.retry_after)}
            reasons = [FieldError(pointer=f"/reasons/{code}", detail=words) for code, words in answer.reasons]
            raise ProblemError(answer.refused, answer.detail, errors=reasons, headers=headers)
        return answer

    async def _post(self, path: str, data: bytes) -> bytes:
        url, session = self._settings.url, self._session
        if url is None or session is None:
            raise _away()
        try:
            async with session.post(url.rstrip("/") + path, data=data, headers=self._headers) as reply:
                body = await reply.read()
        except (aiohttp.ClientError, TimeoutError) as error:
            log.warning("redemption.away", error=type(error).__name__)
            raise _away() from None
        if reply.status != 200:
            log.warning("redemption.away", status=reply.status)
            raise _away()
        return body


def _away() -> ProblemError:
    return ProblemError("redemption-away", headers={"Retry-After": RETRY_SECONDS})
