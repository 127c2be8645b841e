"""Mails that come back to a mailbox: what they say is kept once, and what can't be read now is read later."""

from __future__ import annotations

from uuid import UUID

import asyncpg

from services.notifier.mailbox import Mailbox, MailboxSettings
from tests.integration.notifier.conftest import Notifying
from tests.support.imap_server import imap_server
from tests.unit.deliveries.test_bounces import MESSAGE, arf, dsn

WAITS = """
INSERT INTO notifier.delivery (tenant_id, programme_id, member_id, message, occasion, channel, occasion_on, delivery_id,
                               purpose, route, place, spread, facts, state, due_at, queued_at)
VALUES (1, 1, $1, 'welcome', 'o', 'email', '2026-12-01', $1, 'service', '{}', 0, 0, '{}', 'waiting', $2, $2)
"""
HEARD = "SELECT tenant_id, delivery_id, kind, dead FROM notifier.feedback ORDER BY kind"


async def test_what_comes_back_is_kept_once(notifying: Notifying) -> None:
    await notifying.superuser.execute(WAITS, MESSAGE, notifying.clock.now())
    await notifying.superuser.execute("UPDATE notifier.delivery SET state = 'handed', handed_at = due_at")
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


async def test_what_comes_back_while_its_answer_is_not_written_down_is_kept_until_it_is(notifying: Notifying) -> None:
    await notifying.superuser.execute(WAITS, MESSAGE, notifying.clock.now())
    held = "UPDATE notifier.delivery SET state = 'sending', holder = 'one', lease_until = due_at + interval '9 years'"
    await notifying.superuser.execute(held)
    async with imap_server() as server:
        server.mails = [dsn("failed", "5.1.1")]
        assert await mailbox(notifying, server.port).look() == 1
    open_ones = "SELECT count(*) FROM notifier.feedback WHERE applied_at IS NULL"
    await notifying.keeper().look()
    assert await notifying.superuser.fetchval(open_ones) == 1
    handed = "UPDATE notifier.delivery SET state = 'handed', holder = NULL, lease_until = NULL, handed_at = due_at"
    await notifying.superuser.execute(handed)
    await notifying.keeper().look()
    assert await notifying.superuser.fetchval(open_ones) == 0
    assert [row["state"] for row in await notifying.rows("state")] == ["bounced"]


async def test_who_names_no_mail_of_ours_ends_no_address(notifying: Notifying) -> None:
    """Anybody may mail the mailbox: a name alone, an invented id and a message that waits still prove nothing."""
    await notifying.people([1], {"email": "anna@example.com"})
    await notifying.superuser.execute(WAITS, UUID(int=7), notifying.clock.now())
    invented = dsn("failed", "5.1.1")
    nameless, waiting = [invented.replace(str(MESSAGE).encode(), b) for b in (b"x", str(UUID(int=7)).encode())]
    async with imap_server() as server:
        server.mails = [nameless, invented, waiting]
        assert await mailbox(notifying, server.port).look() == 3
        assert server.seen == {1, 2, 3}
    assert await notifying.superuser.fetch("SELECT FROM notifier.feedback") == []
    assert notifying.metrics.mailbox.labels("unproven")._value.get() == 3


async def test_a_server_that_is_away_is_trouble_that_passes(notifying: Notifying) -> None:
    async with imap_server() as server:
        port = server.port
    box = mailbox(notifying, port)
    assert await box.look() == 0
    assert box.trouble is not None


def mailbox(notifying: Notifying, port: int) -> Mailbox:
    settings = MailboxSettings(host="127.0.0.1", port=port, security="none", username="bounces", password="secret")
    return Mailbox(settings, notifying.pool, notifying.clock.now, notifying.metrics)
