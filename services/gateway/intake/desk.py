"""The desk at which every way in ends: the key is taken, events are checked and published, the answer is kept.

The order matters. A request that is no good leaves nothing behind, so its event is checked by the call that takes the
key, and then does not take it. No connection is held while the broker is waited for.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import Request, Response

from libs.contracts.identifiers import IdentifierNames
from libs.contracts.rejection import Rejection
from libs.runtime import logs
from libs.runtime.clock import Clock, monotonic
from libs.runtime.postgres import DATABASE_ERRORS
from services.gateway.door.access import Caller
from services.gateway.door.middleware import operation_of
from services.gateway.door.problems import FieldError, ProblemError
from services.gateway.intake import idempotency
from services.gateway.intake.bodies import fingerprint
from services.gateway.intake.idempotency import REPLAYED, Purge
from services.gateway.intake.offers import Offer
from services.gateway.intake.publisher import CannotPublish, Publisher
from services.gateway.intake.recent import Claim, EventName, Recent
from services.gateway.intake.store import Answer, Asked, Begun, IntakeStore, KeyName
from services.gateway.metrics import GatewayMetrics

log = logs.get(__name__)
RETRY_SECONDS = "2"
_REJECTED = {"too-large": "body-too-large"}


@dataclass(eq=False, slots=True)
class Item:
    """One event of a request: what it was offered as, and what became of it. `at` points into the body."""

    offered: Offer | Rejection
    at: str = ""
    known: bool = False
    problem: ProblemError | None = None

    def __post_init__(self) -> None:
        """A rejection is a problem from the start."""
        if isinstance(self.offered, Rejection):
            self.problem = refusal(self.offered, self.at)

    @property
    def status(self) -> str:
        """`accepted`, `known` or `refused`."""
        if self.problem is not None:
            return "refused"
        return "known" if self.known else "accepted"


Prepare = Callable[[], Awaitable[Sequence[Item]]]
"""Gives the events of a request; may raise what is wrong with it."""
Tell = Callable[[Sequence[Item]], Answer]
"""Makes the answer of what became of them; may raise what is wrong with the request."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What the ways in are served with."""

    clock: Clock
    names: IdentifierNames
    store: IntakeStore
    publisher: Publisher
    recent: Recent
    metrics: GatewayMetrics

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[Desk]:
        """Keep the producer connected, and old keys away, while the block runs."""
        purge = asyncio.create_task(Purge(self.store, self.clock).run())
        try:
            async with self.publisher.running():
                yield self
        finally:
            purge.cancel()
            await asyncio.gather(purge, return_exceptions=True)

    async def serve(self, request: Request, caller: Caller, document: Any, prepare: Prepare, tell: Tell) -> Response:
        """Serve a request under its Idempotency-Key.

        Raises:
            ProblemError: whatever is wrong with it; nothing of it is remembered then.
        """
        operation = operation_of(request.scope)
        key = idempotency.digest(idempotency.key_text(request))
        name = KeyName(caller.tenant_id, caller.key.key_id, operation, key)
        digest = fingerprint(request, document)
        items = await prepare()
        begun = await idempotency.begin(self.store, name, digest, self.clock.now(), _asked(items))
        if isinstance(begun, Answer):
            self.metrics.publish.replayed.labels(operation).inc()
            return _response(begun, replayed=True)
        _judge(begun, items)
        if len(items) == 1 and items[0].problem is not None:
            raise items[0].problem
        taken = begun.attempt
        assert taken is not None, "a key is left alone only for the sake of a problem"
        try:
            await self._publish(caller.tenant_id, items)
            answer = tell(items)
        except CannotPublish as error:
            await self._release(name, taken)
            detail = {"full": "Too much waits for the broker.", "late": "The broker did not answer in time."}
            raise ProblemError(
                "publishing-away", detail.get(error.why), headers={"Retry-After": RETRY_SECONDS}
            ) from None
        except Exception:
            await self._release(name, taken)
            raise
        await self._keep(name, taken, answer)
        return _response(answer)

    async def _publish(self, tenant_id: int, items: Sequence[Item]) -> None:
        """Publish what is new, once, and wait for those that somebody else publishes at this moment."""
        mine: list[tuple[EventName, Offer]] = []
        others: list[asyncio.Future[bool]] = []
        for item in items:
            if item.problem is not None or item.known or isinstance(item.offered, Rejection):
                continue
            event: EventName = (tenant_id, item.offered.key)
            claim = self.recent.claim(event, item.offered.body_hash, monotonic())
            if claim is Claim.MINE:
                mine.append((event, item.offered))
            elif claim is Claim.OTHER_BODY:
                item.problem = _conflict(item.at)
            else:
                item.known = True
                if isinstance(claim, asyncio.Future):
                    others.append(claim)
        if mine:
            await self._publish_mine(mine)
        if others and not all([await asyncio.shield(other) for other in others]):
            raise CannotPublish("away")
        for item in items:
            if isinstance(item.offered, Offer):
                self.metrics.publish.taken.labels(item.offered.record.topic, item.status).inc()

    async def _publish_mine(self, mine: Sequence[tuple[EventName, Offer]]) -> None:
        names = [event for event, _ in mine]
        published = False
        try:
            await self.publisher.publish([offer.record for _, offer in mine])
            published = True
        finally:
            self.recent.settle(names, monotonic(), published=published)

    async def _keep(self, name: KeyName, attempt: int, answer: Answer) -> None:
        """Keep the answer. The events are at the broker: without the database, a repeat finds them known."""
        try:
            await self.store.keep(name, attempt, answer)
        except DATABASE_ERRORS as error:
            log.warning("idempotency.not_kept", error=type(error).__name__)

    async def _release(self, name: KeyName, attempt: int) -> None:
        """Let the key go, so that the request may run again at once; else it lapses in a minute."""
        try:
            async with self.store.session(name.tenant_id) as session:
                await session.release_key(name, attempt)
        except DATABASE_ERRORS as error:
            log.warning("idempotency.not_released", error=type(error).__name__)


def desk_of(request: Request) -> Desk:
    """The desk of the running application."""
    desk: Desk = request.app.state.desk
    return desk


def refusal(why: Rejection, at: str = "") -> ProblemError:
    """Turn a rejection into a problem; `at` is where in the body the event stands."""
    code = _REJECTED.get(why.code, "event-invalid")
    return ProblemError(code, errors=[FieldError(pointer=f"/body{at}{why.field}", detail=f"expected {why.detail}")])


def _conflict(at: str) -> ProblemError:
    errors = [FieldError(pointer=f"/body{at}/id", detail="the id stands for an event with another body")]
    return ProblemError("event-conflict", errors=errors)


def _asked(items: Sequence[Item]) -> Asked:
    """What the database is asked about events; nothing is taken for a single one that is no event at all."""
    offers = [item.offered for item in items if isinstance(item.offered, Offer)]
    sources = {offer.source: None for offer in offers if not offer.own}
    alone = len(items) == 1
    return Asked(
        list(sources), {offer.key: offer.body_hash for offer in offers}, take=bool(offers) or not alone, alone=alone
    )


def _judge(begun: Begun, items: Sequence[Item]) -> None:
    """Say of each event whether its source is the tenant's, and whether the event is known."""
    for item in items:
        offer = item.offered
        if isinstance(offer, Rejection):
            continue
        if not offer.own and offer.source not in begun.registered:
            detail = "not at or below a registered source of your company"
            item.problem = ProblemError(
                "source-unknown", errors=[FieldError(pointer=f"/body{item.at}/source", detail=detail)]
            )
        elif (body := begun.known.get(offer.key)) is not None:
            item.known = body == offer.body_hash
            item.problem = None if item.known else _conflict(item.at)


def _response(answer: Answer, *, replayed: bool = False) -> Response:
    headers = {} if answer.location is None else {"Location": answer.location}
    if replayed:
        headers[REPLAYED] = "true"
    return Response(answer.body, status_code=answer.status, headers=headers, media_type="application/json")
