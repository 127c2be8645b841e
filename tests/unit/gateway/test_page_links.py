"""Links to members' own pages: read as they were made, and by nobody else's key, time or spelling."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from services.gateway.mine.links import OwnPage, PageLinks

NOW = datetime(2024, 3, 1, 12, tzinfo=UTC)
LINKS = PageLinks.from_seal_key(b"k" * 32)
PAGE = OwnPage(1, 2, UUID(int=3), NOW + timedelta(hours=1))
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def test_a_link_opens_its_page_until_its_time_is_over() -> None:
    token = LINKS.token(PAGE)
    assert LINKS.read(token, NOW) == PAGE
    assert LINKS.read(token, PAGE.until) is None
    assert PageLinks.from_seal_key(b"j" * 32).read(token, NOW) is None


def test_a_link_that_differs_in_any_character_opens_nothing() -> None:
    token = LINKS.token(PAGE)
    changed = [token[:at] + other + token[at + 1 :] for at in range(len(token)) for other in ALPHABET]
    assert [text for text in changed if LINKS.read(text, NOW) is not None] == [token] * len(token)
    for text in (f"{token}=", f"{token[:9]}!{token[9:]}", f"{token}\u00e4", token[:-1], ""):
        assert LINKS.read(text, NOW) is None
