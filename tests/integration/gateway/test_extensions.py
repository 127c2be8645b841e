"""What an extension would do, by the boundaries of the member whom it is for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import asyncpg
import httpx
import pytest

from tests.integration.gateway.conftest import NOW
from tests.integration.gateway.scribe import Scribe

YEARLY = """
UPDATE platform.programme_version SET document = jsonb_set(document, '{wallets,0,expiry}', '{"kind": "anniversary"}')
WHERE tenant_id = 1
"""
ENDS = datetime(2025, 1, 7, 23, tzinfo=UTC)
"""The eve of the day on which the member enrolled."""


@pytest.fixture
async def yearly(superuser: asyncpg.Connection) -> None:
    await superuser.execute(YEARLY)


@pytest.mark.usefixtures("yearly")
async def test_the_next_boundary_is_that_of_the_member(scribe: Scribe, client: httpx.AsyncClient) -> None:
    member = await scribe.member()
    await member.credit(120, NOW - timedelta(days=1), expires_at=ENDS)
    path = f"/v1/members/{member.member_id}/extension-preview"
    answer = await client.get(path, params={"wallet": "points", "boundaries": 1})
    assert answer.status_code == 200, answer.text
    (share,) = answer.json()["data"]
    assert (share["points"], share["expires_at"]) == (120, "2026-01-07T23:00:00Z")
