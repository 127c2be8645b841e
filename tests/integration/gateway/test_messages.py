"""What a member was told, over HTTP and by command, and mails that come back."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg
import httpx
import orjson
import pytest

from libs.deliveries import postgres as deliveries
from libs.runtime import sql
from libs.runtime.seal import Seal
from tests.integration.gateway.conftest import SEAL_KEY, MakeKey, bearer
from tests.integration.gateway.scribe import Scribe
from tests.support.database import ACME
from tests.unit.deliveries.test_bounces import MESSAGE, arf, dsn

FRIDAY = datetime(2024, 3, 1, tzinfo=UTC)
QUERIES = sql.load("tests.integration.gateway", "fixtures.sql")
DELIVERIES = """
INSERT INTO notifier.delivery (tenant_id, programme_id, member_id, message, occasion, channel, occasion_on, delivery_id,
                               purpose, route, place, spread, facts, state, due_at, queued_at, handed_at)
SELECT 1, 1, $1::uuid, 'points_credited', 'o' || n, 'email', $2::timestamptz::date, md5($1::text || n)::uuid, 'service',
       '{}', 0, 0, '{}', 'handed', $2, $2 + n * interval '1 minute', $2
FROM generate_series(1, 5) AS n
"""
LETTER = """
INSERT INTO notifier.delivery (tenant_id, programme_id, member_id, message, occasion, channel, occasion_on, delivery_id,
                               purpose, route, place, spread, facts, state, due_at, queued_at, handed_at)
VALUES (1, $1, $2, 'campaign', $3, 'file', $4::timestamptz::date, $5, 'service', '{}', 0, 0, '{}', 'handed', $4, $4, $4)
"""
CAPTURED = """
INSERT INTO notifier.captured (tenant_id, delivery_id, channel, captured_at, sealed) VALUES (1, $1, 'file', $2, $3)
"""


async def test_messages_are_listed_page_by_page_with_their_reasons(
    anonymous: httpx.AsyncClient, scribe: Scribe, make_key: MakeKey
) -> None:
    member = await scribe.member()
    await scribe.connection.execute(DELIVERIES, member.member_id, FRIDAY)
    message_id = UUID(int=77)
    whose = (ACME.tenant_id, ACME.programme_id, member.member_id)
    await scribe.connection.execute(QUERIES["message"], *whose, message_id, FRIDAY)
    key, _ = await make_key(ACME, "members:read")
    path: str | None = f"/v1/members/{member.member_id}/messages?limit=2"
    seen = []
    while path is not None:
        answer = await anonymous.get(path, headers=bearer(key))
        seen += answer.json()["data"]
        path = answer.links["next"]["url"] if "next" in answer.links else None
    assert [datetime.fromisoformat(each["queued_at"]) for each in seen] == sorted(
        [datetime.fromisoformat(each["queued_at"]) for each in seen], reverse=True
    )
    assert len({each["message_id"] for each in seen}) == 6
    one = await anonymous.get(f"/v1/messages/{message_id}?lang=de", headers=bearer(key))
    assert one.json()["words"] == (
        "Erinnerung an verfallende Punkte, E-Mail: wurde nicht gesendet. "
        "Für diesen Kanal ist keine Adresse des Mitglieds bekannt."
    )
    assert one.json()["decisions"][0]["reason"] == "no_address"
    only = await anonymous.get(
        f"/v1/members/{member.member_id}/messages?message=expiry_reminder&channel=email", headers=bearer(key)
    )
    assert [each["message_id"] for each in only.json()["data"]] == [str(message_id)]
    assert (await anonymous.get(f"/v1/messages/{UUID(int=5)}", headers=bearer(key))).status_code == 404


@pytest.mark.parametrize(
    ("raw", "counts"), [(dsn("failed", "5.1.1"), (1, 0, 0)), (arf(), (0, 1, 0)), (b"Hi", (0, 0, 0))]
)
async def test_a_mail_that_came_back_is_kept_once(
    anonymous: httpx.AsyncClient, scribe: Scribe, make_key: MakeKey, raw: bytes, counts: tuple[int, int, int]
) -> None:
    key, _ = await make_key(ACME, "events:write")
    head = {**bearer(key), "Content-Type": "message/rfc822"}
    for _ in range(2):
        answer = await anonymous.post("/v1/messages/reports", content=raw, headers=head)
        assert answer.status_code == 202
        assert tuple(answer.json()[name] for name in ("bounced", "complained", "delivered")) == counts
    kept: list[asyncpg.Record] = await scribe.connection.fetch(
        "SELECT tenant_id, delivery_id, kind, dead, digest FROM notifier.feedback"
    )
    assert [tuple(row)[:2] for row in kept] == [(1, MESSAGE)] * (1 if sum(counts) else 0)
    assert all(row["dead"] and row["digest"] is None for row in kept)
    wrong = await anonymous.post("/v1/messages/reports", content=raw, headers={**head, "Content-Type": "text/plain"})
    assert wrong.status_code == 415


async def test_letters_are_counted_in_portions_of_their_own_programme(scribe: Scribe) -> None:
    """Those of another programme of the company take no place in them."""
    seal = Seal.from_base64(base64.b64encode(SEAL_KEY).decode())
    member = await scribe.member()
    told = dict.fromkeys(("address", "sender", "language", "title", "text", "html", "link", "unsubscribe"), "")
    for number, programme_id in enumerate((1, 1, 99, 99, 99)):
        letter_id, at = UUID(int=number + 1), FRIDAY + timedelta(hours=number)
        await scribe.connection.execute(LETTER, programme_id, member.member_id, str(number), FRIDAY, letter_id)
        sealed = seal.close(orjson.dumps(told | {"text": str(number)}), f"captured/{letter_id}")
        await scribe.connection.execute(CAPTURED, letter_id, at, sealed)

    async def part(behind: int) -> list[str]:
        found = await deliveries.captured(
            scribe.connection, 1, seal, most=1, channel="file", since=FRIDAY, behind=behind, programme_id=1
        )
        return [each.text for each in found]

    assert [await part(behind) for behind in range(3)] == [["1"], ["0"], []]
