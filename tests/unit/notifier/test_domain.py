"""What is decided when a message is about to be sent, whatever comes before it and in whatever order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from libs.contacts.consent import may_write
from libs.contacts.person import Address, Consent, Person
from libs.ledger.zones import load_zone
from libs.messages.content import ChannelName
from services.notifier.domain import Case, Drop, Limit, Send, Sent, Untrue, Verdict, Wait, decide, decide_all
from services.notifier.hours import Quiet

NOW = datetime(2026, 11, 10, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
MAIL = Address("email", "anna@example.com", b"1")
QUIET = Quiet(time(21), time(8))
YES = Consent("marketing", "email", True, NOW - HOUR, "till", "1")
ANNA = Person("Anna", language="cs", zone="Europe/Prague", addresses=(MAIL,))
CASE = Case(
    UUID(int=1), (1, 1, UUID(int=9)), "email", "service", NOW + 48 * HOUR, ANNA, {"points": 5},
    load_zone("Europe/Prague"), None,
)  # fmt: skip


def test_a_service_message_goes_out_unless_refused() -> None:
    assert decide(CASE, NOW) == Send(MAIL, {"points": 5})
    refused = replace(ANNA, consents=(Consent("service", "email", False, NOW, "page", "1"),))
    assert decide(replace(CASE, person=refused), NOW) == Drop("opted_out")


def test_marketing_takes_a_consent_to_that_channel() -> None:
    case = replace(CASE, purpose="marketing")
    assert decide(case, NOW) == Drop("no_consent")
    assert decide(replace(case, person=replace(ANNA, consents=(YES,))), NOW) == Send(MAIL, {"points": 5})
    other: ChannelName = "sms"
    assert decide(replace(case, person=replace(ANNA, consents=(replace(YES, channel=other),))), NOW) == Drop(
        "no_consent"
    )


def test_what_is_final_is_said_first() -> None:
    late = replace(CASE, useful_until=NOW)
    assert decide(late, NOW) == Drop("too_late")
    assert decide(replace(CASE, truth=Untrue("nothing_lapses")), NOW) == Drop("nothing_lapses")
    assert decide(replace(CASE, person=None), NOW) == Drop("member_left")
    assert decide(replace(CASE, reached=True), NOW) == Drop("reached_otherwise")
    assert decide(replace(CASE, person=Person()), NOW) == Drop("no_address")
    dead = replace(ANNA, addresses=(replace(MAIL, alive=False),))
    assert decide(replace(CASE, person=dead), NOW) == Drop("address_dead")
    assert decide(replace(CASE, person=Person(), channel="inbox"), NOW) == Send(None, {"points": 5})


def test_whose_data_can_not_be_read_waits_alone() -> None:
    """A no is known all the same, for consents are not sealed."""
    strange = replace(CASE, person=Person(readable=False))
    assert decide(strange, NOW) == Wait(NOW + HOUR, "member_unreadable")
    assert decide(replace(strange, useful_until=NOW + HOUR / 2), NOW) == Wait(NOW + HOUR / 2, "member_unreadable")
    assert decide(replace(strange, useful_until=NOW), NOW) == Drop("too_late")
    assert decide(replace(strange, purpose="marketing"), NOW) == Drop("no_consent")


def test_a_reminder_is_sent_before_its_boundary_or_not_at_all() -> None:
    night = datetime(2026, 11, 10, 23, tzinfo=UTC)
    case = replace(CASE, quiet=QUIET, chance=0.5)
    assert decide(replace(case, useful_until=night + 6 * HOUR), night) == Drop("quiet_until_too_late")
    close = decide(replace(case, useful_until=night + 8 * HOUR + timedelta(minutes=2)), night)
    assert close == Wait(night + 8 * HOUR + timedelta(seconds=30), "quiet_hours"), "spread, but never past the boundary"


def test_what_is_paused_for_a_moment_is_not_lost() -> None:
    later = NOW + HOUR
    assert decide(replace(CASE, held_until=later), NOW) == Wait(later, "paused")
    close = NOW + HOUR / 2
    assert decide(replace(CASE, held_until=later, useful_until=close), NOW) == Wait(close, "paused")
    assert decide(replace(CASE, held_until=later, useful_until=close), close) == Drop("too_late")
    assert decide(replace(CASE, held_until=later, useful_until=None), NOW) == Wait(later, "paused")


def test_a_cap_waits_for_its_window() -> None:
    limits = (Limit(2, 24 * HOUR), Limit(3, 72 * HOUR))
    handed = (NOW - 30 * HOUR, NOW - 20 * HOUR, NOW - 2 * HOUR)
    case = replace(CASE, limits=limits, sent=Sent(handed))
    assert decide(case, NOW) == Wait(NOW + 42 * HOUR, "cap_reached")
    assert decide(replace(case, useful_until=NOW + 40 * HOUR), NOW) == Drop("cap_reached")
    assert decide(replace(case, sent=Sent(handed[:1])), NOW) == Send(MAIL, {"points": 5})
    contended = decide(replace(case, sent=Sent(handed[2:], sending=1)), NOW)
    assert isinstance(contended, Wait)
    assert contended.reason == "cap_contended"


CONSENTS = st.builds(
    Consent,
    st.sampled_from(["service", "marketing"]),
    st.sampled_from(["email", "sms"]),
    st.booleans(),
    st.integers(0, 200).map(lambda hours: NOW - HOUR * hours),
    st.just("page"),
    st.just("1"),
)
ADDRESSES = st.builds(Address, st.sampled_from(["email", "sms"]), st.just("x"), st.just(b"x"), st.booleans())
PEOPLE = st.builds(
    Person,
    zone=st.sampled_from(["Europe/Prague", "America/New_York", "Pacific/Auckland"]),
    addresses=st.lists(ADDRESSES, max_size=3).map(tuple),
    consents=st.lists(CONSENTS, max_size=4).map(tuple),
)


@st.composite
def events(draw: st.DrawFn) -> list[tuple[str, Any]]:
    """What comes to pass with one member: messages fall due, words are said, points go, time passes."""
    return draw(
        st.lists(
            st.one_of(
                st.tuples(st.just("message"), st.tuples(st.sampled_from(["service", "marketing"]), st.booleans())),
                st.tuples(st.just("says"), CONSENTS),
                st.tuples(st.just("addresses"), st.lists(ADDRESSES, max_size=2).map(tuple)),
                st.tuples(st.just("points"), st.integers(0, 3)),
                st.tuples(st.just("passes"), st.integers(1, 30)),
            ),
            max_size=30,
        )
    )


def _violations(case: Case, verdict: Verdict, now: datetime, handed: Mapping[str, list[datetime]]) -> list[str]:
    if not isinstance(verdict, Send):
        return []
    assert case.person is not None
    found = []
    if not may_write(case.person, case.purpose, case.channel).allowed:
        found.append("without consent")
    if case.quiet is not None and case.quiet.covers(now.astimezone(case.zone).time()):
        found.append("in quiet hours")
    for limit in case.limits:
        if sum(at > now - limit.span for at in handed[case.purpose]) >= limit.most:
            found.append("above the cap")
    if isinstance(case.truth, Untrue) or verdict.facts != case.truth:
        found.append("untrue")
    if case.useful_until is not None and now >= case.useful_until:
        found.append("too late")
    if verdict.address is None or not verdict.address.alive:
        found.append("to nobody")
    return found


@settings(max_examples=150, deadline=None)
@given(person=PEOPLE, happens=events())
def test_nothing_goes_out_that_should_not_whatever_the_order(person: Person, happens: list[tuple[str, Any]]) -> None:
    now, points = NOW, 1
    limits = (Limit(1, 6 * HOUR), Limit(3, 72 * HOUR))
    waiting: list[Case] = []
    handed: dict[str, list[datetime]] = {"service": [], "marketing": []}
    for number, (kind, value) in enumerate(happens):
        match kind:
            case "message":
                purpose, decent = value
                waiting.append(
                    Case(
                        UUID(int=number), (1, 1, UUID(int=9)), "email", purpose, now + 40 * HOUR, person, {},
                        load_zone(person.zone or "UTC"), QUIET if decent else None, limits,
                    )
                )  # fmt: skip
            case "says":
                person = replace(person, consents=(*person.consents, replace(value, at=now)))
            case "addresses":
                person = replace(person, addresses=value)
            case "points":
                points = value
            case _:
                now += value * HOUR
        truth: Any = {"points": points} if points else Untrue("nothing_lapses")
        cases = [replace(each, person=person, truth=truth, sent=Sent(tuple(handed[each.purpose]))) for each in waiting]
        waiting = []
        for case, verdict in zip(cases, decide_all(cases, now), strict=True):
            assert _violations(case, verdict, now, handed) == []
            if isinstance(verdict, Send):
                handed[case.purpose].append(now)
            elif isinstance(verdict, Wait):
                assert verdict.until > now
                waiting.append(case)
