"""What is done about figures by mail, for the API and the console alike."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

import asyncpg
from fastapi import Request

from libs.contacts.addresses import CheckedAddress, read_address
from libs.deliveries import result_mails
from libs.deliveries.own import DigestDiffers
from libs.deliveries.periods import next_due
from libs.deliveries.result_mails import MOST, Subscribed, Wish
from libs.judging.versions import RunningProgramme
from libs.runtime.seal import Seal
from services.gateway.door.access import Caller
from services.gateway.door.problems import FieldError, ProblemError
from services.gateway.mass.desk import in_force
from services.gateway.rules.desk import who
from services.gateway.tenant_store import tenant_transaction


@dataclass(frozen=True, slots=True)
class ResultsDesk:
    """The means; `seal` closes addresses."""

    pool: asyncpg.Pool
    seal: Seal

    async def add(self, caller: Caller, running: RunningProgramme, named: tuple[UUID, bytes], wish: Wish) -> Subscribed:
        """Have figures sent to an address; the same wish again is found as it stands.

        Raises:
            ProblemError: the address is none, there are too many, or the name stands for another wish.
        """
        address = read_address("email", wish.address)
        if not isinstance(address, CheckedAddress):
            fault = FieldError(pointer="/body/address", detail=f"expected {address.expected}")
            raise ProblemError("request-invalid", errors=[fault])
        now, checked = caller.parts.clock.now(), wish._replace(address=address.value)
        due = next_due(wish.every, wish.hour, in_force(caller, running).zone, now)
        try:
            async with tenant_transaction(self.pool, caller.tenant_id) as connection:
                await result_mails.add(connection, running.key, named, checked, self.seal, who(caller)[:64], now, due)
                found = await result_mails.load(connection, caller.tenant_id, self.seal)
                if len(found) > MOST:
                    fault = FieldError(pointer="/body", detail=f"at most {MOST} addresses get figures")
                    raise ProblemError("request-invalid", errors=[fault])
        except DigestDiffers:
            raise ProblemError("idempotency-key-reused") from None
        return next(each for each in found if each.result_mail_id == named[0])

    async def all(self, tenant_id: int) -> list[Subscribed]:
        """Return who gets figures, of every programme."""
        async with tenant_transaction(self.pool, tenant_id, reading=True) as connection:
            return await result_mails.load(connection, tenant_id, self.seal)

    async def remove(self, tenant_id: int, name: UUID) -> None:
        """Send somebody no more figures.

        Raises:
            ProblemError: nobody is meant.
        """
        async with tenant_transaction(self.pool, tenant_id) as connection:
            removed = await result_mails.remove(connection, tenant_id, name)
        if not removed:
            raise ProblemError("result-mail-unknown")


def desk_of_results(request: Request) -> ResultsDesk:
    """The desk of the running application."""
    desk: ResultsDesk = request.app.state.results
    return desk
