"""Mails that come back to a mailbox: what they say is kept once, and what can't be read now is read later."""

from __future__ import annotations

from datetime import timedelta

import asyncpg

from libs.contacts.vault import Vault
from services.notifier.mailbox import Mailbox, MailboxSettings
from tests.integration.notifier.conftest import KEY, Notifying
from tests.support.imap_server import imap_server
from tests.unit.deliveries.test_bounces import MESSAGE, arf, dsn

HEARD = "SELECT tenant_id, delivery_id, kind, dead FROM notifier.feedback ORDER BY kind"


async def test_what_comes_back_is_kept_once(notifying: Notifying) -> None:
    await notifying.superuser.execute(
        "INSERT INTO notifier.delivery (tenant_id, programme_id, member_id, message, occasion, channel, occasion_on,"
        " delivery_id, purpose, route, place, spread, facts, state, due_at, queued_at, handed_at)"
        " VALUES (1, 1, $1, 'welcome', 'o', 'email', '2026-12-01',"
        " $1, 'service', '{}', 0, 0, '{}', 'handed', $2, $2, $2)",
        MESSAGE, notifying.clock.now(),
    )  # fmt: skip
    async with imap_server() as server:
        server.mails = [dsn("failed", "5.1.1"), b"Subject: Hello\r\n\r\nA word\r\n", arf(), dsn("failed", "5.1.1")]
        box = mailbox(notifying, server.port)
        server.refuses = b"STORE"
        assert await box.look() == 0
        assert box.trouble == "the mailbox is not read: error", "stored, and read again, for nothing was flagged"
        server.refuses = b""
        assert (await box.look(), server.seen) == (4, {1, 2, 3, 4})
        assert await box.look() == 0
        assert box.trouble is None
    kept: list[asyncpg.Record] = await notifying.superuser.fetch(HEARD)
    assert [tuple(row) for row in kept] == [(1, MESSAGE, "bounced", True), (1, MESSAGE, "complained", True)]


async def test_an_address_may_come_back_again_on_another_day(notifying: Notifying) -> None:
    await notifying.people([1], {"email": "anna@example.com"})
    raw = dsn("failed", "5.1.1").replace(str(MESSAGE).encode(), b"of-another")
    async with imap_server() as server:
        box = mailbox(notifying, server.port)
        for _ in range(2):
            server.mails += [raw, raw]
            assert await box.look() == 2
            notifying.clock.instant += timedelta(days=1)
    kept = await notifying.superuser.fetch("SELECT tenant_id, dead, delivery_id FROM notifier.feedback")
    assert [tuple(row) for row in kept] == [(1, True, None)] * 2


async def test_a_server_that_is_away_is_trouble_that_passes(notifying: Notifying) -> None:
    async with imap_server() as server:
        port = server.port
    box = mailbox(notifying, port)
    assert await box.look() == 0
    assert box.trouble is not None


def mailbox(notifying: Notifying, port: int) -> Mailbox:
    settings = MailboxSettings(host="127.0.0.1", port=port, security="none", username="bounces", password="secret")
    vault = Vault.from_seal_key(KEY)
    return Mailbox(settings, notifying.pool, vault, notifying.clock.now, notifying.metrics)
