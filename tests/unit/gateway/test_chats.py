"""Talks: what each thing that happens makes of one, what a programme says of its chat, and how they are shown."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from services.gateway.chat.console_pages import Beside, list_fragment, talk_body, words_body
from services.gateway.chat.desk import Seen
from services.gateway.chat.pages import form_key, message_id, own_page
from services.gateway.chat.store import Counts, Listed, Message
from services.gateway.chat.talk import Staff, Talk, begun, joined
from services.gateway.chat.terms import ReadyAnswer, Terms, clean
from services.gateway.chat.texts import CHAT, STAFF
from services.gateway.mine.pages import Shown

NOON = datetime(2024, 3, 1, 12, tzinfo=UTC)
ANNA, BERT = Staff("01", "Anna (01)"), Staff("02", "Bert (02)")
ID = UUID(int=7)
MESSAGES = [
    Message(3, UUID(int=3), None, "Where is <it>?\nI wait", NOON),
    Message(9, UUID(int=9), ANNA.label, "On its way & well", NOON),
]
STEPS = {
    "say": lambda talk, now: talk.said_by_member(now),
    "answer": lambda talk, now: talk.answered(ANNA, now),
    "settle": lambda talk, now: talk.settled(),
    "close": lambda talk, now: talk.closed(BERT.label, now),
    "reopen": lambda talk, now: talk.reopened(BERT, now),
    "take": lambda talk, now: talk.taken(BERT),
    "leave": lambda talk, now: talk.taken(None),
    "see": lambda talk, now: talk.seen(5, now),
}


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(sorted(STEPS)), max_size=12))
def test_whatever_happens_a_talk_can_be_kept(steps: list[str]) -> None:
    """What the table demands of a row holds after each step, and a step that changes nothing is told by nothing."""
    talk = begun(NOON)
    for number, step in enumerate(steps, start=1):
        before, now = talk, NOON + timedelta(minutes=number)
        talk = STEPS[step](talk, now)
        assert (talk.unread > 0) == (talk.unread_since is not None)
        assert talk.state == "open" or talk.unread == 0
        assert talk.change == before.change + (talk != before)
        assert talk.last_at >= before.last_at
        assert STEPS[step](talk, now) == talk or step in ("say", "answer")


def test_what_waits_waits_since_its_first_message_and_an_answer_is_whose_talk_it_is() -> None:
    talk = begun(NOON).said_by_member(NOON).said_by_member(NOON + timedelta(minutes=5))
    assert (talk.unread, talk.unread_since) == (2, NOON)
    answered = talk.answered(ANNA, NOON + timedelta(minutes=6)).answered(BERT, NOON + timedelta(minutes=7))
    assert (answered.unread, answered.unread_since, answered.assigned) == (0, None, ANNA)
    closed = answered.closed(BERT.label, NOON + timedelta(hours=1))
    assert (closed.state, closed.state_by) == ("closed", BERT.label)
    again = closed.said_by_member(NOON + timedelta(hours=2))
    assert (again.state, again.state_by, again.unread) == ("open", None, 1)


def test_talks_of_merged_members_are_one() -> None:
    first, other = begun(NOON).closed(None, NOON), begun(NOON).said_by_member(NOON).taken(BERT)
    both = joined(first, [other])
    assert both is not None
    assert (both.state, both.unread, both.assigned, both.change) == ("open", 1, BERT, first.change)
    alone = joined(None, [other])
    assert alone is not None
    assert (alone.unread, alone.change) == (1, 0)
    assert joined(None, []) is None


def test_a_text_is_kept_without_what_nobody_sees() -> None:
    assert clean("  a\r\nb\x00\x1b[1m\ud800 👩‍👩‍👧 ") == "a\nb[1m 👩‍👩‍👧"
    for empty in ("", " \n", "\x00\u202e"):
        with pytest.raises(ValueError, match="empty"):
            clean(empty)


def test_ready_answers_are_kept_by_name_and_given_in_the_language_there_is() -> None:
    one = ReadyAnswer(name="parcel", texts={"de": "Unterwegs", "en": "On its way"})
    terms = Terms(open=True).with_answer(one).with_answer(ReadyAnswer(name="bye", texts={"de": "Bis bald"}))
    assert [each.name for each in terms.answers] == ["bye", "parcel"]
    answers = [terms.answer(*asked) for asked in (("parcel", "de-AT"), ("parcel", "cs"), ("bye", "en"), ("none", "en"))]
    assert answers == ["Unterwegs", "On its way", "Bis bald", ""]
    changed = terms.with_answer(ReadyAnswer(name="parcel", texts={"en": "Soon"})).without("bye")
    assert [dict(each.texts) for each in changed.answers] == [{"en": "Soon"}]
    assert Terms.model_validate_json(terms.model_dump_json()) == terms
    for wrong in ({"answers": [one, one]}, {"greeting": {"english": "x"}}, {"greeting": {"en": " "}}, {"more": 1}):
        with pytest.raises(ValidationError):
            Terms.model_validate(wrong)


def test_a_form_that_is_sent_twice_says_one_thing() -> None:
    seen = Seen(Terms(), begun(NOON), MESSAGES, 0)
    key = form_key("link", seen)
    assert message_id(key, "yes") == message_id(key, "yes")
    others = {message_id(key, "no"), message_id(f"{key}+", "yes"), message_id(form_key("x", seen), "yes")}
    later = seen._replace(messages=[*MESSAGES, MESSAGES[0]._replace(number=11)])
    assert len({message_id(key, "yes"), message_id(form_key("link", later), "yes"), *others}) == 5


@pytest.mark.parametrize("language", ["en", "de"])
def test_pages_are_whole_and_show_words_as_words(language: str) -> None:
    assert CHAT.faults() == STAFF.faults() == []
    terms = Terms(open=True, greeting={"en": "Hello & welcome"}, answers=(ReadyAnswer(name="a", texts={"en": "<b>"}),))
    talk: Talk = begun(NOON).said_by_member(NOON).answered(ANNA, NOON)
    seen = Seen(terms, talk, MESSAGES, 1)
    own = own_page(Shown("TOKEN", "Club", 0, language), seen, "Europe/Rome", refused="No", text="<i>")
    beside = Beside(ID, "main", "Europe/Rome", "", "de", (), ())
    staff = talk_body(beside, seen, ANNA, language, text="<i>") + words_body("main", "Club", terms, language)
    listed = list_fragment([Listed(1, "main", "Europe/Rome", ID, ID, talk)], {}, Counts(1, 0, 1), language)
    for page in (own, f"<div>{staff}</div>", listed):
        for tag in ("div", "p", "ol", "li", "form", "table", "tr", "td", "a", "b"):
            assert len(re.findall(rf"<{tag}[ >]", page)) == page.count(f"</{tag}>"), tag
        assert "<it>" not in page
        assert "<i>" not in page
    assert "Where is &lt;it&gt;?<br>I wait" in own
    assert "&lt;b&gt;" in staff
    assert ANNA.label not in own
    assert own.count('class="own"') == staff.count('class="own"') == 1
    assert "Hello &amp; welcome" in own
    closed = own_page(Shown("TOKEN", "Club", 0, language), seen._replace(terms=Terms()), "Europe/Rome")
    assert "<textarea" not in closed
