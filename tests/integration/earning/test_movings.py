"""Points that go from member to member, through the topics: in both ledgers, in what is kept, in what is told."""

from __future__ import annotations

from datetime import timedelta

from tests.integration.earning.test_lives import outcomes, play, points
from tests.support.invariants import verified
from tests.support.lives import ACTIVITIES, adjusted, asked, returned
from tests.support.receipts import POINTS, WHEN, enrolment, member_id, purchase
from tests.support.stack import Stack

HOUR = timedelta(hours=1)
ADA, BEN = member_id("1"), member_id("2")
LOTS = """
SELECT amount, remaining, earned_at, expires_at, policy_version, contributor, opened_by::text AS opened_by
FROM ledger.lot WHERE member_id = $1 ORDER BY seq
"""


async def test_points_go_to_another_member_with_their_dates(stack: Stack) -> None:
    await stack.start_ready()
    await play(stack, enrolment("1"), enrolment("2"))
    await play(stack, purchase("R-1", 6_000), purchase("R-2", 4_000, time=WHEN + HOUR))
    gift = asked("G-1", "transfer", ADA, to_member_id=str(BEN), wallet="points", points=80, time=WHEN + 2 * HOUR)
    await play(stack, gift, gift)
    too_many = asked("G-2", "transfer", ADA, to_member_id=str(BEN), wallet="points", points=21)
    stranger = asked("G-3", "transfer", ADA, to_member_id=str(member_id("9")), wallet="points", points=1)
    await play(stack, too_many, stranger, gift)
    assert (await points(stack, "1"), await points(stack, "2")) == (20, 80)
    given, got = await stack.fetch(LOTS, ADA), await stack.fetch(LOTS, BEN)
    assert [(lot["amount"], lot["remaining"]) for lot in given] == [(60, 0), (40, 20)]
    assert [(lot["amount"], lot["opened_by"], lot["contributor"]) for lot in got] == [
        (60, "transfer", ADA),
        (20, "transfer", ADA),
    ]
    for ours, theirs in zip(given, got, strict=True):
        assert ours["earned_at"] == theirs["earned_at"]
        assert ours["expires_at"] == theirs["expires_at"]
        assert ours["policy_version"] == theirs["policy_version"]
    kept = await outcomes(stack)
    assert [kept[name] for name in ("G-1", "G-2", "G-3")] == [
        ("transferred", "support"), ("refused", "not-enough-points"), ("refused", "member-unknown")
    ]  # fmt: skip
    told = [each for each in await stack.events(POINTS) if str(each["type"]).endswith("points.transferred.v1")]
    assert {(each["subject"], each["memberseq"], each["data"]["counterpart_id"]) for each in told} == {  # type: ignore[index]
        (str(ADA), 3, str(BEN)), (str(BEN), 1, str(ADA)), (str(BEN), 2, str(ADA))
    }  # fmt: skip
    # What was given stays given: a return is taken from the giver's own points, and the rest is owed.
    await play(stack, returned("T-1", "R-1", time=WHEN + 3 * HOUR))
    assert (await points(stack, "1"), await points(stack, "2")) == (-40, 80)
    owing = asked("G-4", "transfer", ADA, to_member_id=str(BEN), wallet="points", points=1)
    await play(stack, owing)
    assert (await outcomes(stack))["G-4"] == ("refused", "in-debt")
    assert await stack.lag(ACTIVITIES, "earning.activities") == 0
    await verified(stack)


async def test_a_merged_member_lives_on_in_another_until_it_is_undone(stack: Stack) -> None:
    await stack.start_ready()
    await play(stack, enrolment("1"), enrolment("2"))
    await play(stack, purchase("R-1", 6_000), purchase("R-2", 4_000, card="2"), purchase("R-5", 3_000))
    merge = asked("M-1", "merge", ADA, to_member_id=str(BEN))
    await play(stack, merge, merge)
    assert (await points(stack, "1"), await points(stack, "2")) == (0, 130)
    # A return of an old purchase is taken from the lot that came over; late receipts of that card are the survivor's.
    await play(stack, returned("T-1", "R-1", time=WHEN + HOUR), purchase("R-3", 2_000, time=WHEN - HOUR), merge)
    assert await points(stack, "2") == 90
    lots = await stack.fetch("SELECT amount, remaining FROM ledger.lot WHERE member_id = $1 ORDER BY seq", BEN)
    assert sorted((lot["amount"], lot["remaining"]) for lot in lots) == [(20, 20), (30, 30), (40, 40), (60, 0)]
    # Whatever names the old id reaches the survivor.
    await play(stack, adjusted("A-1", ADA, 5))
    assert (await points(stack, "1"), await points(stack, "2")) == (0, 95)
    await verified(stack)
    back = asked("U-1", "unmerge", ADA)
    await play(stack, back, back)
    assert (await points(stack, "1"), await points(stack, "2")) == (30, 65)
    await play(stack, returned("T-5", "R-5", time=WHEN + HOUR), returned("T-3", "R-3", time=WHEN + HOUR), back)
    assert (await points(stack, "1"), await points(stack, "2")) == (0, 45)
    await play(stack, purchase("R-6", 1_000), asked("U-2", "unmerge", ADA))
    assert (await points(stack, "1"), await points(stack, "2")) == (10, 45)
    kept = await outcomes(stack)
    assert [kept[name][0] for name in ("M-1", "T-1", "T-3", "T-5", "U-1", "U-2")] == [
        "merged", "reversed", "reversed", "reversed", "unmerged", "refused"
    ]  # fmt: skip
    told = [str(each["type"]).removeprefix("org.pointstream.") for each in await stack.events("loyalty.members")]
    assert [kind for kind in told if kind != "member.joined.v1"] == ["member.merged.v1", "member.unmerged.v1"]
    await verified(stack)
