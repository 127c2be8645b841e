"""Making and changing endpoints of webhooks: checked before anything is kept, and seen by their tenant alone."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg
from fastapi import Request

from libs.runtime.clock import Clock
from libs.runtime.seal import Seal
from libs.webhooks.endpoints import MOST_REPLAYED, Attempt, Endpoint, Kept, State, Wish
from libs.webhooks.payload import trial_message
from libs.webhooks.postgres import Webhooks
from libs.webhooks.resolving import Lookup, check_name, look_up
from libs.webhooks.targets import TargetRefused, read_target
from services.gateway.door.problems import FieldError, ProblemError
from services.gateway.files.desk import id_of
from services.gateway.tenant_store import tenant_transaction
from services.gateway.webhooks.bodies import ChangedEndpoint, NewEndpoint, Replaying


@dataclass(frozen=True, slots=True)
class WebhookDesk:
    """What the operations on webhooks are served with. `wall` is the machine's clock, by which webhooks go.

    `random` gives so many unpredictable bytes; `loopback` lets endpoints lie on this machine.
    """

    pool: asyncpg.Pool
    seal: Seal
    wall: Clock
    random: Callable[[int], bytes]
    loopback: bool = False
    lookup: Lookup = look_up

    @asynccontextmanager
    async def opened(self, tenant_id: int) -> AsyncIterator[Webhooks]:
        """Open one transaction on the webhooks of a tenant."""
        async with tenant_transaction(self.pool, tenant_id) as connection:
            yield Webhooks(connection, tenant_id, self.seal)

    async def add(self, tenant_id: int, wanted: NewEndpoint, who: str) -> tuple[Endpoint, str]:
        """Make an endpoint, and return it with its secret.

        Raises:
            ProblemError: no webhook can go there, or there are too many.
        """
        url = await self._checked(wanted.url)
        now = self.wall.now()
        endpoint_id = id_of(now, self.random(10))
        wish = Wish(url, wanted.event_types, wanted.style, wanted.description)
        async with self.opened(tenant_id) as webhooks:
            secret = await webhooks.add(endpoint_id, wish, now, who, self.random)
            if secret is None:
                raise ProblemError("webhooks-full")
            return await _there(webhooks, endpoint_id), secret

    async def change(self, tenant_id: int, endpoint_id: UUID, wanted: ChangedEndpoint) -> Endpoint:
        """Change an endpoint.

        Raises:
            ProblemError: it is not there, or no webhook can go to its new place.
        """
        url = None if wanted.url is None else await self._checked(wanted.url)
        async with self.opened(tenant_id) as webhooks:
            now = self.wall.now()
            await webhooks.change(endpoint_id, url, wanted.event_types, wanted.style, wanted.description, now)
            return await _there(webhooks, endpoint_id)

    async def turn(self, tenant_id: int, endpoint_id: UUID, state: State) -> Endpoint:
        """Turn an endpoint on or off.

        Raises:
            ProblemError: it is not there.
        """
        async with self.opened(tenant_id) as webhooks:
            await webhooks.turn(endpoint_id, state, self.wall.now())
            return await _there(webhooks, endpoint_id)

    async def rotate(self, tenant_id: int, endpoint_id: UUID) -> tuple[Endpoint, str]:
        """Give an endpoint another secret, and return both.

        Raises:
            ProblemError: it is not there.
        """
        async with self.opened(tenant_id) as webhooks:
            secret = await webhooks.rotate(endpoint_id, self.wall.now(), self.random)
            if secret is None:
                raise ProblemError("webhook-unknown")
            return await _there(webhooks, endpoint_id), secret

    async def remove(self, tenant_id: int, endpoint_id: UUID) -> None:
        """Forget an endpoint with all that was for it.

        Raises:
            ProblemError: it is not there.
        """
        async with self.opened(tenant_id) as webhooks:
            if not await webhooks.remove(endpoint_id):
                raise ProblemError("webhook-unknown")

    async def try_out(self, tenant_id: int, endpoint_id: UUID) -> Kept:
        """Send a message that tells of nothing but that it arrives.

        Raises:
            ProblemError: the endpoint is not there.
        """
        now = self.wall.now()
        message = trial_message(endpoint_id, id_of(now, self.random(10)), now)
        async with self.opened(tenant_id) as webhooks:
            await _there(webhooks, endpoint_id)
            await webhooks.keep(endpoint_id, message, now)
            return await _kept(webhooks, endpoint_id, message.message_id)

    async def told(self, tenant_id: int, endpoint_id: UUID, message_id: UUID) -> tuple[Kept, list[Attempt]]:
        """Return a message and its attempts.

        Raises:
            ProblemError: it is not there.
        """
        async with self.opened(tenant_id) as webhooks:
            kept = await _kept(webhooks, endpoint_id, message_id)
            return kept, await webhooks.attempts(endpoint_id, message_id)

    async def resend(self, tenant_id: int, endpoint_id: UUID, message_id: UUID) -> Kept:
        """Send a message at once.

        Raises:
            ProblemError: it is not there.
        """
        async with self.opened(tenant_id) as webhooks:
            await webhooks.resend(endpoint_id, message_id, self.wall.now())
            return await _kept(webhooks, endpoint_id, message_id)

    async def replay(self, tenant_id: int, endpoint_id: UUID, wanted: Replaying) -> tuple[int, bool]:
        """Send a span again; returns how many, and whether there may be more.

        Raises:
            ProblemError: the endpoint is not there.
        """
        span: tuple[datetime, datetime] = (wanted.from_, wanted.to)
        async with self.opened(tenant_id) as webhooks:
            await _there(webhooks, endpoint_id)
            count = await webhooks.replay(endpoint_id, span, wanted.failed_only, self.wall.now())
        return count, count >= MOST_REPLAYED

    async def _checked(self, url: str) -> str:
        try:
            target = read_target(url, loopback=self.loopback)
            await check_name(target, self.lookup, loopback=self.loopback)
        except TargetRefused as refused:
            raise ProblemError(
                "webhook-refused", errors=[FieldError(pointer="/body/url", detail=str(refused))]
            ) from None
        return target.url


def desk_of_webhooks(request: Request) -> WebhookDesk:
    """The desk of the running application."""
    desk: WebhookDesk = request.app.state.webhooks
    return desk


async def _there(webhooks: Webhooks, endpoint_id: UUID) -> Endpoint:
    found = await webhooks.endpoint(endpoint_id)
    if found is None:
        raise ProblemError("webhook-unknown")
    return found


async def _kept(webhooks: Webhooks, endpoint_id: UUID, message_id: UUID) -> Kept:
    found = await webhooks.message(endpoint_id, message_id)
    if found is None:
        raise ProblemError("webhook-unknown")
    return found
