"""Links: whoever has one can say no, nobody can make one up, and it names nobody."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.contacts.consent import CHANNELS, PURPOSES
from libs.contacts.links import AGREEING, Link, Links
from libs.messages.content import ChannelName, Purpose

LINKS = Links.from_seal_key(b"k" * 32)
NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
MEMBER = UUID("019a3b1c-7d2e-7f00-8a1b-2c3d4e5f6071")
NAMES = st.tuples(st.integers(1, 2**31 - 1), st.integers(1, 2**31 - 1), st.uuids())


@settings(max_examples=60)
@given(
    NAMES,
    st.sampled_from(PURPOSES),
    st.sampled_from(CHANNELS),
    st.dates(date(2026, 1, 1), date(2099, 1, 1)),
)
def test_a_link_says_what_it_was_made_of(
    name: tuple[int, int, UUID], purpose: Purpose, channel: ChannelName, on: date
) -> None:
    token = LINKS.token(name, purpose, channel, datetime(on.year, on.month, on.day, 23, tzinfo=UTC))
    assert len(token) == 60
    assert LINKS.read(token) == Link(name, purpose, channel, on)


@settings(max_examples=80)
@given(st.integers(0, 59), st.sampled_from("ABCabc019-_"))
def test_a_changed_letter_is_found(place: int, letter: str) -> None:
    token = LINKS.token((1, 1, MEMBER), "marketing", "email", NOW)
    changed = token[:place] + letter + token[place + 1 :]
    assert (LINKS.read(changed) is None) == (changed != token)


@pytest.mark.parametrize("text", ["", "x", "x" * 60, "=" * 60, "ü" * 60, "A" * 64, " " * 60])
def test_what_is_no_link_is_none(text: str) -> None:
    assert LINKS.read(text) is None


def test_another_platform_reads_it_not() -> None:
    assert Links.from_seal_key(b"o" * 32).read(LINKS.token((1, 1, MEMBER), "marketing", "email", NOW)) is None


def test_a_link_of_today_is_read_for_ever() -> None:
    """Letters lie in mailboxes: this text was made once, and has to be understood by every later version."""
    old = "AQAAAAcAAAADCcABAQGaOxx9Ln8AihssPU5fYHEDvO1_zf1WIY7tEmwkzYZZ"
    assert LINKS.read(old) == Link((7, 3, MEMBER), "marketing", "sms", date(2026, 11, 1))


def test_a_yes_is_taken_for_a_while() -> None:
    link = Link((1, 1, MEMBER), "marketing", "email", NOW.date())
    assert link.takes_yes(NOW + AGREEING)
    assert not link.takes_yes(NOW + AGREEING + timedelta(days=1))
