"""Mass messages as they are written: what is refused, who gets which form, and what may be done when."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any, get_args
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.mass.counts import Became, Count, outlook, results
from libs.mass.states import ALLOWED, DONE, ENDED, Action, State, after_sending, named_in, occasion_of
from libs.mass.texts import MASS
from libs.mass.wanted import WantedInvalid, check_audience, wanted_of
from services.gateway.mass.form import Unreadable, members_in, wanted_in
from services.gateway.mass.words import PAGES

NOON = datetime(2026, 4, 1, 12, tzinfo=UTC)
SPRING: dict[str, Any] = {"name": "Spring", "words": [{"title": "Spring", "text": "Come."}]}
HALVES = [{"name": "a", "per_mille": 500}, {"name": "b", "per_mille": 500}]


@pytest.mark.parametrize(
    ("more", "path", "reason"),
    [
        ({"words": []}, "words", "says nothing"),
        ({"template": "expiry_reminder"}, "template", "only an event"),
        ({"segments": ["a"], "everyone": True}, "everyone", "or for segments"),
        ({"variants": HALVES[:1]}, "variants", "500 per mille"),
        ({"variants": [{**HALVES[0], "template": "welcome"}, HALVES[1]]}, "template", "only an event"),
        ({"words": [*SPRING["words"], *SPRING["words"]]}, "words.1.language", "twice"),
        ({"channels": []}, "channels", "at least 1"),
        ({"link": "javascript:x"}, "link", "pattern"),
        ({"per_minute": 0}, "per_minute", "greater"),
        ({"color": "red"}, "color", "not permitted"),
    ],
)
def test_what_can_not_be_is_refused(more: dict[str, Any], path: str, reason: str) -> None:
    with pytest.raises(WantedInvalid, match=reason) as refused:
        wanted_of({**SPRING, **more})
    assert [fault[0] for fault in refused.value.faults] == [path]


def test_it_is_for_one_kind_of_people() -> None:
    everyone, some = wanted_of({**SPRING, "everyone": True}), wanted_of({**SPRING, "segments": ["gold"]})
    check_audience(everyone, named=False, segments=())
    check_audience(some, named=False, segments=("gold",))
    check_audience(wanted_of(SPRING), named=True, segments=())
    for wanted, named, segments in ((wanted_of(SPRING), False, ()), (everyone, True, ()), (some, False, ("silver",))):
        with pytest.raises(WantedInvalid):
            check_audience(wanted, named=named, segments=segments)


@given(mass_id=st.uuids(), share=st.integers(1, 999))
@settings(max_examples=20)
def test_forms_share_members_as_they_say(mass_id: UUID, share: int) -> None:
    variants = [{"name": "a", "per_mille": share}, {"name": "b", "per_mille": 1000 - share}]
    wanted = wanted_of({**SPRING, "variants": variants})
    got = Counter(wanted.form_of(mass_id, UUID(int=number)).name for number in range(500))
    assert abs(got["a"] - share / 2) < 80
    assert wanted_of(SPRING).form_of(mass_id, mass_id).name == "a"


def test_words_are_those_of_the_reader() -> None:
    german = {"language": "de", "title": "Frühling", "text": "Komm."}
    (form,) = wanted_of({**SPRING, "words": [*SPRING["words"], german]}).forms()
    asked = [("de-AT", "en"), ("cs", "de"), (None, "de"), ("cs", "fr")]
    said = [form.said_to(language, otherwise) for language, otherwise in asked]
    assert [each.title for each in said if each] == ["Frühling", "Frühling", "Frühling", "Spring"]
    (only,) = wanted_of({**SPRING, "words": [german]}).forms()
    assert only.said_to("en", "en") == only.words[0]


def test_every_action_is_possible_somewhere_and_repeats_where_it_was_done() -> None:
    states = set(get_args(State))
    for action in get_args(Action):
        assert ALLOWED[action] <= states
        assert not ALLOWED[action] & (DONE[action] | ENDED)
    assert {state for state in states if not any(state in allowed for allowed in ALLOWED.values())} == ENDED
    assert MASS.faults() == []
    assert PAGES.faults() == []


def test_a_bound_takes_two_and_an_hour_waits() -> None:
    later = NOON + timedelta(hours=1)
    asked = [(10, 10, None), (11, 10, None), (11, None, later), (11, None, NOON)]
    found = [after_sending(members, above, starts, NOON) for members, above, starts in asked]
    assert found == ["sending", "awaiting_approval", "scheduled", "sending"]


def test_an_occasion_names_message_and_variant() -> None:
    assert named_in(occasion_of(UUID(int=7), "b")) == (UUID(int=7), "b")
    assert named_in("points@2026-12-31T23:00:00Z/7d") is None


def test_sums() -> None:
    counts = [Count("a", "send", "email", "", 5), Count("a", "wait", "email", "quiet_hours", 2)]
    assert outlook([*counts, Count("b", "drop", "sms", "no_consent", 3)]) == (5, 2, 3)
    became = [Became("a", "email", "clicked", "", 2), Became("a", "email", "bounced", "x", 1)]
    became += [Became("a", "sms", "suppressed", "no_consent", 4), Became("b", "email", "postponed", "quiet_hours", 6)]
    a, b = results(became)
    assert (a.sent, a.opened, a.clicked, a.bounced, a.suppressed, a.under_way) == (3, 2, 2, 1, 4, 0)
    assert (b.sent, b.under_way) == (0, 6)


def test_a_form_is_read() -> None:
    fields = {
        "name": [" Spring "], "title-en": ["Spring"], "text-en": ["Come."], "title-de": [""], "channels": ["", "email"],
        "audience": ["segment:gold"], "starts_at": ["2026-04-02T09:00"], "per_minute": ["60"], "link": ["https://x.test"],
        "b-title-en": ["Hi"], "b-text-en": ["Come!"], "share": ["20"], "members": ["ignored"],
    }  # fmt: skip
    wanted = wanted_of(wanted_in(fields, ZoneInfo("Europe/Rome")))
    assert (wanted.name, wanted.segments, wanted.channels, wanted.per_minute) == ("Spring", ("gold",), ("email",), 60)
    assert wanted.starts_at == datetime(2026, 4, 2, 7, tzinfo=UTC)
    assert [(each.name, each.per_mille) for each in wanted.variants] == [("a", 800), ("b", 200)]
    assert members_in(fields) == []
    assert members_in({"audience": ["members"], "members": ["card:1, card:2\r\n\n id"]}) == ["card:1", "card:2", "id"]
    for name, text in (("per_minute", "many"), ("starts_at", "soon")):
        with pytest.raises(Unreadable, match=name):
            wanted_in({**fields, name: [text]}, ZoneInfo("UTC"))
