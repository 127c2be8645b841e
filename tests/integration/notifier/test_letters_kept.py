"""What is captured goes, the oldest first; letters wait for whoever prints them."""

from __future__ import annotations

from datetime import timedelta

from tests.integration.notifier.conftest import Notifying

CAPTURED = """
INSERT INTO notifier.captured (tenant_id, delivery_id, channel, captured_at, sealed)
SELECT 1, gen_random_uuid(), $1, $2::timestamptz + n * interval '1 second', ''
FROM generate_series(1, $3::int) AS n
"""
LEFT = "SELECT channel, count(*)::int AS n FROM notifier.captured GROUP BY 1 ORDER BY 1"


async def test_letters_outlast_what_else_is_captured_and_go_after_months(notifying: Notifying) -> None:
    now = notifying.clock.now()
    for channel, days, count in (("file", 93, 3), ("file", 60, 200), ("email", 2, 20), ("sms", 1, 100)):
        await notifying.superuser.execute(CAPTURED, channel, now - timedelta(days=days), count)
    await notifying.keeper().look()
    assert [tuple(row) for row in await notifying.superuser.fetch(LEFT)] == [("email", 1), ("file", 200), ("sms", 100)]
