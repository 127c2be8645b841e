"""Consents: nobody is written to who refused, or who was never asked, whatever else they agreed to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from libs.contacts.consent import CHANNELS, PURPOSES, Permission, may_write, refused_too
from libs.contacts.person import Consent, Person
from libs.messages.content import ChannelName, Purpose

WHEN = datetime(2026, 11, 1, 12, tzinfo=UTC)
WORDS = st.lists(
    st.builds(
        Consent,
        st.sampled_from(PURPOSES),
        st.sampled_from(CHANNELS[:3]),
        st.booleans(),
        st.integers(0, 5).map(lambda hours: WHEN + timedelta(hours=hours)),
        st.just("till"),
        st.sampled_from(["", "2026-1"]),
    ),
    max_size=12,
)


def word(given: bool, hours: int = 0, purpose: Purpose = "marketing", channel: ChannelName = "email") -> Consent:
    return Consent(purpose, channel, given, WHEN + timedelta(hours=hours), "till", "2026-1")


def test_service_is_allowed_unless_refused() -> None:
    assert may_write(Person(), "service", "email") == Permission(True, "not-refused")
    refused = word(given=False, purpose="service")
    assert may_write(Person(consents=(refused,)), "service", "email") == Permission(False, "refused", refused)
    assert may_write(Person(consents=(refused,)), "service", "sms").allowed


def test_marketing_and_profiling_take_a_consent_to_that_purpose_on_that_channel() -> None:
    person = Person(consents=(word(given=True),))
    assert may_write(Person(), "marketing", "email") == Permission(False, "never-agreed")
    assert may_write(person, "marketing", "email") == Permission(True, "agreed", word(given=True))
    assert may_write(person, "marketing", "sms").reason == "never-agreed"
    assert may_write(person, "profiling", "email").reason == "never-agreed"


def test_of_two_words_at_once_the_one_that_refuses_counts() -> None:
    for consents in ((word(given=True), word(given=False)), (word(given=False), word(given=True))):
        assert may_write(Person(consents=consents), "marketing", "email").reason == "refused"


@settings(max_examples=80)
@given(WORDS, st.randoms(use_true_random=False), st.sampled_from(PURPOSES), st.sampled_from(CHANNELS[:3]))
def test_whatever_the_order_the_last_word_counts(
    words: list[Consent], chance: object, purpose: Purpose, channel: ChannelName
) -> None:
    shuffled = list(words)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis gives a Random
    said = [each for each in words if (each.purpose, each.channel) == (purpose, channel)]
    last = [each.given for each in said if each.at == max(other.at for other in said)]
    allowed = may_write(Person(consents=tuple(shuffled)), purpose, channel).allowed
    assert allowed == (all(last) if last else purpose == "service")


@settings(max_examples=60)
@given(WORDS, WORDS)
def test_who_merged_is_written_to_only_where_neither_refused(merged: list[Consent], survivor: list[Consent]) -> None:
    now = WHEN + timedelta(days=1)
    one, other = ({(each.purpose, each.channel): each for each in words} for words in (merged, survivor))
    then = Person(consents=(*other.values(), *refused_too(one.values(), other.values(), now)))
    for purpose in PURPOSES:
        for channel in CHANNELS[:3]:
            before = may_write(Person(consents=tuple(other.values())), purpose, channel).allowed
            refused = may_write(Person(consents=tuple(one.values())), purpose, channel).reason == "refused"
            assert may_write(then, purpose, channel).allowed == (before and not refused)
