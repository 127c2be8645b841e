"""Taking in what a provider of text messages tells: signed by it, or nothing happens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID, uuid5

import asyncpg
import orjson
from fastapi import Request

from libs.contacts.addresses import CheckedAddress, read_address
from libs.contacts.person import Consent
from libs.contacts.postgres import record_consents
from libs.contacts.vault import Vault
from libs.messages.content import Purpose
from libs.messages.opt_words import Word, read_word
from libs.messages.provider_settings import SmsSettings
from libs.messages.providers import provider_context
from libs.messages.sms_callbacks import Report, callback_url, is_signed, read_report
from libs.runtime import sql
from libs.runtime.clock import Clock
from libs.runtime.seal import Seal
from services.gateway.door.problems import ProblemError
from services.gateway.tenant_store import tenant_transaction

_SQL = sql.load("services.gateway", "callbacks.sql")
_SPACE = UUID("7f6f3f0c-6a5e-5d0b-8f0e-2b8b9d2f4c11")
_SOURCE = "text message"
_REFUSED: tuple[Purpose, ...] = ("service", "marketing", "profiling", "location")
_GIVEN: tuple[Purpose, ...] = ("service", "marketing")


@dataclass(frozen=True, slots=True)
class SmsCallbacks:
    """What callbacks are taken in with."""

    pool: asyncpg.Pool
    seal: Seal
    vault: Vault
    clock: Clock

    async def hear(self, tenant_id: int, message: str | None, fields: Mapping[str, str], signature: str) -> Word | None:
        """Take a callback in: what became of the message that it names, or what a member has answered.

        Returns the word of the member, for an answer in return.

        Raises:
            ProblemError: the company has no such provider, or it did not sign this.
        """
        async with tenant_transaction(self.pool, tenant_id) as connection:
            settings = await self._settings(connection, tenant_id)
            url = settings.callback or ""
            url = url if message is None else callback_url(url, message)
            if not is_signed(settings.token.get_secret_value(), url, fields, signature):
                raise ProblemError("callback-not-signed")
            report, delivery = read_report(fields), _id(message)
            if report is not None and delivery is not None:
                await self._tell(connection, tenant_id, delivery, report)
            word = read_word(fields.get("Body", "")) if message is None else None
            sender = read_address("sms", fields.get("From", ""))
            if word is not None and isinstance(sender, CheckedAddress):
                await self._consent(connection, tenant_id, sender, word)
            return word

    async def _settings(self, connection: asyncpg.Connection, tenant_id: int) -> SmsSettings:
        sealed = await connection.fetchval(_SQL["provider"], tenant_id, "sms")
        if sealed is None:
            raise ProblemError("callback-not-signed")
        document = orjson.loads(self.seal.open(sealed, provider_context(tenant_id, "sms")))
        if document.get("kind") != "twilio":
            raise ProblemError("callback-not-signed")
        return SmsSettings.model_validate(document)

    async def _tell(self, connection: asyncpg.Connection, tenant_id: int, delivery: UUID, report: Report) -> None:
        feedback_id = uuid5(_SPACE, f"{tenant_id} {delivery} {report.kind}")
        reason = f"sms {report.code}".strip()
        row = (tenant_id, feedback_id, delivery, report.kind, reason, report.dead, self.clock.now())
        await connection.execute(_SQL["feedback"], *row)

    async def _consent(
        self, connection: asyncpg.Connection, tenant_id: int, sender: CheckedAddress, word: Word
    ) -> None:
        now = self.clock.now()
        rows = await connection.fetch(_SQL["owners"], tenant_id, "sms", self.vault.digest(sender))
        given = word == "start"
        consents = [Consent(purpose, "sms", given, now, _SOURCE, word) for purpose in (_GIVEN if given else _REFUSED)]
        said = {(tenant_id, row["programme_id"], row["member_id"]): consents for row in rows}
        await record_consents(connection, now, said)


def desk_of_callbacks(request: Request) -> SmsCallbacks:
    """What callbacks of the running application are taken in with."""
    desk: SmsCallbacks = request.app.state.sms_callbacks
    return desk


def _id(text: str | None) -> UUID | None:
    try:
        return None if text is None else UUID(text)
    except ValueError:
        return None
