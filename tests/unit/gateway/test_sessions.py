"""Sessions: signed, short, and nothing but the ids of a key and of the session."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from services.gateway.site.sessions import IDLE, LONGEST, Session, Sessions, lifetime

NOW = datetime(2024, 3, 2, 10, tzinfo=UTC)
SESSIONS = Sessions.from_seal_key(bytes(range(32)))
ID = bytes(range(16))


def read(text: str, at: datetime) -> Session:
    session = SESSIONS.read(text, at)
    assert session is not None
    return session


def test_a_session_tells_its_key_until_nobody_used_it_for_an_hour() -> None:
    text = SESSIONS.begin("f" * 16, ID, NOW)
    assert read(text, NOW).key_id == "f" * 16
    assert SESSIONS.read(text, NOW + IDLE - timedelta(seconds=1)) is not None
    assert SESSIONS.read(text, NOW + IDLE) is None
    assert SESSIONS.read(text, NOW - timedelta(minutes=1)) is None
    assert lifetime(NOW, read(text, NOW).ends) == 3600


def test_use_renews_it_but_not_for_ever() -> None:
    text, at = SESSIONS.begin("a", ID, NOW), NOW
    assert SESSIONS.renewed(read(text, at), at + timedelta(minutes=10)) is None
    renewals = 0
    while at < NOW + LONGEST + IDLE:
        at += timedelta(minutes=10)
        session = SESSIONS.read(text, at)
        if session is None:
            break
        if (renewed := SESSIONS.renewed(session, at)) is not None:
            text, renewals = renewed, renewals + 1
            assert read(text, at).session_id == ID
            assert read(text, at).last == NOW + LONGEST
    assert at == NOW + LONGEST
    assert renewals > 10


@pytest.mark.parametrize("text", ["", "x", "é", "AAAA", "A" * 100])
def test_what_is_no_session_is_none(text: str) -> None:
    assert SESSIONS.read(text, NOW) is None


def test_nothing_of_it_can_be_changed() -> None:
    text = SESSIONS.begin("a" * 16, ID, NOW)
    for place in range(len(text)):
        changed = text[:place] + ("A" if text[place] != "A" else "B") + text[place + 1 :]
        assert SESSIONS.read(changed, NOW) is None
    assert Sessions.from_seal_key(bytes(32)).read(text, NOW) is None
