"""Posts: which words a page gets, what becomes of attempts, and how a post stands by its pages."""

from __future__ import annotations

import doctest
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import pytest

from libs.posts.states import over
from libs.posts.texts import POSTS
from libs.posts.wanted import PostInvalid, post_of
from services.notifier.attempts import MOST_ATTEMPTS
from services.notifier.channels.channel import Handed, Outcome, Postponed, Reason, Refused, Unanswered
from services.notifier.posts.store import Taken
from services.notifier.posts.telling import Place
from services.notifier.posts.work import CAPTURED, languages, letter_of, settled, told

ROOT = Path(__file__).parents[3]
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
WORDS = [{"language": "en", "text": "Spring is here"}, {"language": "de", "text": "Der Frühling ist da"}]
WANTED: dict[str, Any] = {"name": "Spring", "words": WORDS, "link": "https://shop.example/spring"}
PLACE = Place("acme", "club", UUID(int=5), "news", UUID(int=6), 1)
REASONS: tuple[Reason, ...] = (
    "address-unknown", "address-refused", "content-refused", "credentials-refused", "provider-failed",
    "provider-busy", "provider-away", "no-answer",
)  # fmt: skip


def taken(attempt: int = 1, tried: datetime | None = None, **changes: Any) -> Taken:
    place = PLACE._replace(attempt=attempt)
    return Taken(1, place, "de", tried, False, post_of(WANTED | changes))


def test_each_page_gets_the_words_of_its_language_else_the_first() -> None:
    wanted = post_of(WANTED)
    assert languages(wanted, {"club": "de-AT", "news": "fr"}) == {"club": "de", "news": "en"}
    assert languages(post_of(WANTED | {"pages": ["news"]}), {"club": "de", "news": "de"}) == {"news": "de"}
    assert languages(wanted, {}) == {CAPTURED: "en"}
    assert languages(post_of(WANTED | {"pages": ["gone"]}), {"club": "de"}) == {"gone": "en"}


def test_a_letter_says_what_the_page_shows_and_since_when_it_may_show_it() -> None:
    first = letter_of(taken(), "https://club.example")
    assert (first.message_id, first.address, first.content.text) == (UUID(int=6), "news", "Der Frühling ist da")
    assert first.data == ()
    again = letter_of(taken(2, NOW, picture="ab" * 32), "https://club.example")
    since = str(int((NOW - timedelta(minutes=2)).timestamp()))
    assert dict(again.data) == {"picture": f"https://club.example/media/{'ab' * 32}", "since": since}


@pytest.mark.parametrize(
    ("outcome", "state", "reason"),
    [
        (Handed("1_2"), "published", None),
        (Refused("content-refused", "code 506"), "failed", "content-refused"),
        (Postponed("credentials-refused", "code 190"), "waiting", "credentials-refused"),
        (Unanswered(safe=False), "waiting", "no-answer"),
    ],
)
def test_what_becomes_of_an_attempt(outcome: Outcome, state: str, reason: str | None) -> None:
    said = settled(outcome, taken(), NOW, 0.5)
    assert (said.state, said.reason) == (state, reason)
    assert (said.ended_at is None, said.due_at is not None) == (state == "waiting", state == "waiting")
    events = [event for several in told(taken(), said, NOW).values() for event in several]
    assert len(events) == (state != "waiting")
    for event in events:
        value = orjson.loads(event.value)
        assert value["type"] == f"org.pointstream.post.{state}.v1"
        assert event.key.decode() == value["partitionkey"] == f"acme/club/{UUID(int=5)}"
        assert "Frühling" not in event.value.decode()


def test_what_passes_is_tried_so_often_and_then_given_up() -> None:
    assert settled(Postponed("provider-away"), taken(MOST_ATTEMPTS), NOW, 0.5).state == "failed"


def test_a_post_is_over_when_its_pages_are() -> None:
    assert over(["published", "sending"]) is None
    assert over(["waiting", "failed"]) is None
    assert over(["published", "failed"]) == "failed"
    assert over(["published", "published"]) == "published"


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"words": []}, "words"),
        ({"words": [WORDS[0], WORDS[0] | {"language": "EN"}]}, ""),
        ({"words": [{"text": "x" * 5_001}]}, "words.0.text"),
        ({"link": "javascript:alert(1)"}, "link"),
        ({"picture": "https://elsewhere.example/a.png"}, "picture"),
        ({"pages": ["Not a name"]}, "pages.0"),
        ({"more": 1}, "more"),
        ({"starts_at": "2026-03-01T12:00:00"}, "starts_at"),
    ],
)
def test_what_can_not_be_a_post_is_told_why(change: dict[str, Any], path: str) -> None:
    with pytest.raises(PostInvalid) as invalid:
        post_of(WANTED | change)
    assert next(where for where, _ in invalid.value.faults).startswith(path)


def test_the_example_of_the_page_holds() -> None:
    outcome = doctest.testfile(str(ROOT / "libs/posts/README.md"), module_relative=False)
    assert (outcome.attempted, outcome.failed) == (3, 0)


def test_every_reason_and_state_has_its_words() -> None:
    assert POSTS.faults() == []
    for reason in REASONS:
        assert POSTS.say("de", f"reason.{reason}") != POSTS.say("en", f"reason.{reason}")
