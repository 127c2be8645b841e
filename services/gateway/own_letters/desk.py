"""What is done to try a template on an address of one's own, for the API and the console alike."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from uuid import UUID

import asyncpg
from fastapi import Request

from libs.contacts.addresses import CheckedAddress, read_address
from libs.deliveries import own
from libs.deliveries.own import DigestDiffers, OwnLetter, Spent, Stand
from libs.messages.template import Template
from libs.runtime.seal import Seal
from services.gateway.door.access import Caller
from services.gateway.door.problems import FieldError, ProblemError
from services.gateway.quotes.api import one_programme
from services.gateway.rules.desk import who
from services.gateway.templates.desk import Asked, TemplateDesk
from services.gateway.tenant_store import tenant_transaction

MARK = "[Test] "
"""What the title of a letter begins with that is only tried."""
_TITLE = 250


@dataclass(frozen=True, slots=True)
class OwnDesk:
    """The means: `templates` writes letters, `seal` closes them; `random` gives bytes for the names of forms."""

    pool: asyncpg.Pool
    templates: TemplateDesk
    seal: Seal
    random: Callable[[int], bytes]

    async def test(
        self,
        caller: Caller,
        programme: str | None,
        what: Template | Asked,
        member_id: UUID | None,
        address: str,
        named: tuple[UUID, bytes],
        told: Mapping[str, object] | None = None,
        *,
        site: str,
    ) -> Stand:
        """Write a letter with samples, or with what is so of a member, and send it to an address; once by its name.

        Its pictures are shown by `site`.

        Raises:
            ProblemError: the template has a fault, the address is none, the name stands for another letter, or it is
                one too many today.
        """
        tenant_id = caller.tenant_id
        running = one_programme(await caller.parts.programmes.of(tenant_id), programme, "/query/programme")
        if what.channel not in own.TESTED:
            fault = FieldError(pointer="/body/channel", detail=f"one of {', '.join(own.TESTED)}")
            raise ProblemError("request-invalid", errors=[fault])
        place = read_address(what.channel, address)
        if not isinstance(place, CheckedAddress):
            fault = FieldError(pointer="/body/address", detail=f"expected {place.expected}")
            raise ProblemError("request-invalid", errors=[fault])
        shown = await self.templates.show(caller.parts, tenant_id, running.programme, what, member_id, told, site=site)
        content = replace(shown.content, title=(MARK + shown.content.title)[:_TITLE] if shown.content.title else "")
        version = running.at(caller.parts.clock.now())
        brand = None if version is None else version.compiled.source.messages.brand
        message = what.name if isinstance(what, Template) else what.message
        sender = brand or running.name or running.programme
        letter = OwnLetter(named[0], running.programme_id, "test", what.channel, message, place.value, sender, content)
        now = caller.parts.clock.now()
        try:
            async with tenant_transaction(self.pool, tenant_id) as connection:
                await own.put(connection, tenant_id, self.seal, letter, named[1], who(caller)[:64], now)
        except DigestDiffers:
            raise ProblemError("idempotency-key-reused") from None
        except Spent as spent:
            seconds = math.ceil((spent.again_at - now).total_seconds())
            raise ProblemError("test-letters-spent", headers={"Retry-After": str(seconds)}) from None
        return await self.one(tenant_id, named[0])

    async def one(self, tenant_id: int, letter_id: UUID) -> Stand:
        """Return how a letter stands.

        Raises:
            ProblemError: there is none of this id.
        """
        async with tenant_transaction(self.pool, tenant_id, reading=True) as connection:
            found = await own.load(connection, tenant_id, letter_id)
        if found is None:
            raise ProblemError("test-letter-unknown")
        return found


def desk_of_own_letters(request: Request) -> OwnDesk:
    """The desk of the running application."""
    desk: OwnDesk = request.app.state.own_letters
    return desk
