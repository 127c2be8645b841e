"""When campaigns start and stop: what is told adds up to what runs, at any instant."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from libs.promotions.document import parse_programme
from libs.promotions.programme import Programme
from libs.promotions.turns import Calendar, Outage, Turn, Version, runs
from tests.unit.promotions.build import campaign, document, fixed

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
SWITCHES = ("everything", "campaign:a", "campaign:b", "effect:fixed", "effect:multiplier", "store:1")


def hour(number: int) -> datetime:
    return NOON + number * HOUR


@st.composite
def versions(draw: st.DrawFn) -> list[Version]:
    made = []
    for number, since in enumerate(draw(st.lists(st.integers(0, 20), min_size=1, max_size=4).map(sorted)), 1):
        running = []
        for name in draw(st.lists(st.sampled_from("abc"), unique=True)):
            first = draw(st.none() | st.integers(0, 20))
            last = draw(st.none() | st.integers((first or 0) + 1, 25))
            frame = {
                "starts_at": None if first is None else hour(first),
                "ends_at": None if last is None else hour(last),
            }
            state = draw(st.sampled_from(("live", "scheduled", "paused", "draft")))
            running.append(campaign(name, fixed(1), frame=frame) | {"state": state})
        made.append(Version(hour(since), parse_programme(document(*running, version=number))))
    return made


outages = st.lists(
    st.builds(
        lambda switch, off, after: Outage(switch, hour(off), None if after is None else hour(off + after)),
        st.sampled_from(SWITCHES),
        st.integers(0, 20),
        st.none() | st.integers(0, 6),
    ),
    max_size=3,
)


def judged(of: list[Version], off: list[Outage], at: datetime) -> set[str]:
    """What runs at an instant, looked up without any calendar."""
    in_force: Programme | None = None
    for version in of:
        if version.active_from <= at:
            in_force = version.programme
    if in_force is None:
        return set()
    names = {outage.switch for outage in off if outage.off_at <= at and (outage.on_at is None or at < outage.on_at)}
    return {
        each.id
        for each in in_force.campaigns
        if runs(each, at) and names.isdisjoint({"everything", f"campaign:{each.id}", "effect:fixed"})
    }


@given(of=versions(), off=outages, cuts=st.lists(st.integers(0, 30), max_size=4).map(sorted))
def test_what_is_told_adds_up_to_what_runs_wherever_it_is_cut(
    of: list[Version], off: list[Outage], cuts: list[int]
) -> None:
    calendar = Calendar(of, off)
    told: list[Turn] = []
    after = None
    for cut in [*cuts, 31]:
        told += calendar.turns(after, hour(cut))
        after = hour(cut)
    assert told == list(Calendar(of, off).turns(None, hour(31)))
    running: set[str] = set()
    left = list(told)
    for number in range(32):
        while left and left[0].at <= hour(number):
            turn = left.pop(0)
            assert (turn.campaign in running) != turn.starts, "it starts once, and stops once"
            running ^= {turn.campaign}
        assert running == judged(of, off, hour(number)) == set(calendar.running(hour(number)))


@given(of=versions(), off=outages, cut=st.integers(0, 30))
def test_outages_that_were_told_of_may_be_forgotten(of: list[Version], off: list[Outage], cut: int) -> None:
    fresh = [outage for outage in off if outage.on_at is None or outage.on_at > hour(cut)]
    assert [turn[:3] for turn in Calendar(of, fresh).turns(hour(cut), hour(31))] == [
        turn[:3] for turn in Calendar(of, off).turns(hour(cut), hour(31))
    ]


def test_a_turn_says_why() -> None:
    running = campaign("a", fixed(1), frame={"starts_at": hour(2), "ends_at": hour(8)})
    of = [
        Version(hour(0), parse_programme(document(running, version=1))),
        Version(hour(6), parse_programme(document(running | {"state": "paused"}, version=2))),
    ]
    off = [Outage("campaign:a", hour(3), hour(4))]
    assert list(Calendar(of, off).turns(None, hour(9))) == [
        Turn(hour(2), "a", True, "frame", 1),
        Turn(hour(3), "a", False, "switch", 1),
        Turn(hour(4), "a", True, "switch", 1),
        Turn(hour(6), "a", False, "published", 2),
    ]
