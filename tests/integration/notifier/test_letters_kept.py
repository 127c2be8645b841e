"""What is captured goes, the oldest first; letters wait for whoever prints them. What was heard goes once it is old."""

from __future__ import annotations

from datetime import timedelta

from tests.integration.notifier.conftest import Notifying

CAPTURED = """
INSERT INTO notifier.captured (tenant_id, delivery_id, channel, captured_at, sealed)
SELECT 1, gen_random_uuid(), $1, $2::timestamptz + n * interval '1 second', ''
FROM generate_series(1, $3::int) AS n
"""
HEARD = """
INSERT INTO notifier.feedback (tenant_id, feedback_id, digest, kind, reason, dead, at, recorded_at, applied_at)
SELECT 1, gen_random_uuid(), 'd', 'delivered', $1, false, $2, $2, $3 FROM generate_series(1, $4::int)
"""
HEARD_LEFT = "SELECT reason, count(*)::int AS n FROM notifier.feedback GROUP BY 1 ORDER BY 1"
LEFT = "SELECT channel, count(*)::int AS n FROM notifier.captured GROUP BY 1 ORDER BY 1"


async def test_letters_outlast_what_else_is_captured_and_go_after_months(notifying: Notifying) -> None:
    now = notifying.clock.now()
    for channel, days, count in (("file", 93, 3), ("file", 60, 200), ("email", 2, 20), ("sms", 1, 100)):
        await notifying.superuser.execute(CAPTURED, channel, now - timedelta(days=days), count)
    await notifying.keeper().look()
    assert [tuple(row) for row in await notifying.superuser.fetch(LEFT)] == [("email", 1), ("file", 200), ("sms", 100)]


async def test_what_was_heard_is_forgotten_months_after_it_was_applied(notifying: Notifying) -> None:
    now = notifying.clock.now()
    old, young = now - timedelta(days=92), now - timedelta(days=91)
    for reason, heard, applied, count in (("old", old, old, 7), ("young", old, young, 3), ("open", old, None, 2)):
        await notifying.superuser.execute(HEARD, reason, heard, applied, count)
    await notifying.keeper().look()
    assert [tuple(row) for row in await notifying.superuser.fetch(HEARD_LEFT)] == [("open", 2), ("young", 3)]
