"""The page of preferences: what it shows is what counts, what it saves is what differs, and a no is never refused."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from libs.contacts.consent import CHANNELS as ALL_CHANNELS
from libs.contacts.consent import PURPOSES, may_write
from libs.contacts.links import AGREEING, Link
from libs.contacts.person import Address, Consent, Person
from services.gateway.contacts.choices import choices, chosen, refusal
from services.gateway.contacts.preference_pages import Shown, choices_page, stopped_page
from services.gateway.contacts.preference_words import PREFERENCES

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
LINK = Link((1, 1, UUID(int=1)), "marketing", "email", NOW.date())
OLD = Link(LINK.member, LINK.purpose, LINK.channel, (NOW - AGREEING - timedelta(days=2)).date())
CHANNELS = ("email", "sms", "push")
PEOPLE = st.builds(
    lambda reached, words: Person(
        addresses=tuple(Address(channel, "x", b"x") for channel in reached),
        consents=tuple(Consent(what, where, yes, NOW - timedelta(days=1), "till", "") for what, where, yes in words),
    ),
    st.sets(st.sampled_from(CHANNELS)),
    st.lists(
        st.tuples(st.sampled_from(["service", "marketing", "profiling"]), st.sampled_from(CHANNELS), st.booleans()),
        max_size=6,
        unique_by=lambda word: word[:2],
    ),
)  # fmt: skip


def after(person: Person, words: list[Consent]) -> Person:
    return Person(addresses=person.addresses, consents=(*person.consents, *words))


@settings(max_examples=60)
@given(PEOPLE, st.sampled_from([LINK, OLD]), st.randoms(use_true_random=False))
def test_what_was_chosen_is_what_counts_and_a_second_time_changes_nothing(
    person: Person, link: Link, chance: object
) -> None:
    boxes = choices(person, link, NOW)
    ticked = {box.name for box in boxes if chance.random() < 0.5}  # type: ignore[attr-defined]  # hypothesis gives a Random
    form = {f"shown.{box.name}": "1" for box in boxes} | dict.fromkeys(ticked, "on")
    words = chosen(person, link, form, NOW)
    then = after(person, words)
    for box in boxes:
        wanted = box.name in ticked and box.open
        assert may_write(then, box.purpose, box.channel).allowed is wanted
    assert chosen(then, link, form, NOW) == []


@settings(max_examples=40)
@given(PEOPLE)
def test_a_box_that_was_not_shown_is_left_alone(person: Person) -> None:
    assert chosen(person, LINK, {"marketing.email": "on", "service.sms": "on"}, NOW) == []


@settings(max_examples=40)
@given(PEOPLE, st.sampled_from([LINK, OLD]))
def test_one_click_always_says_no(person: Person, link: Link) -> None:
    then = after(person, [refusal(link, NOW)])
    assert not may_write(then, "marketing", "email").allowed
    assert may_write(then, "service", "sms") == may_write(person, "service", "sms")
    assert may_write(then, "profiling", "push") == may_write(person, "profiling", "push")


def test_an_old_link_offers_no_box_that_says_yes() -> None:
    person = Person(addresses=(Address("email", "x", b"x"),))
    page = choices_page(Shown("t", OLD, "Club", "en"), choices(person, OLD, NOW))
    assert 'name="service.email" checked>' in page
    assert 'name="marketing.email" disabled>' in page
    assert "too old" in page


def test_every_box_has_a_label_and_every_group_a_legend_in_both_languages() -> None:
    person = Person(
        "Anna", "Nová", addresses=(Address("email", "anna@example.org", b"x"), Address("file", "Home 1", b"y"))
    )
    for language, word in (("en", "by post"), ("de", "per Post")):
        page = choices_page(Shown("t", LINK, "A & B", language), choices(person, LINK, NOW), said="saved")
        boxes = re.findall(r'<input type="checkbox"', page)
        assert len(boxes) == len(re.findall(r'<label><input type="checkbox"', page)) == 8
        assert page.count("<legend>") == page.count("<fieldset") == 3
        assert word in page
        assert f'lang="{language}"' in page
        assert "A &amp; B" in page
        assert 'role="status"' in page
        assert not any(secret in page for secret in ("Anna", "Nov", "example.org", "Home"))
        assert "<script" not in page
        assert "A &amp; B" in stopped_page(Shown("t", LINK, "A & B", language))


def test_every_purpose_and_channel_has_words() -> None:
    for language in ("en", "de"):
        said = {PREFERENCES.say(language, name) for name in (*PURPOSES, *ALL_CHANNELS)}
        assert len(said) == len(PURPOSES) + len(ALL_CHANNELS)
