"""Links to members' own pages: read as they were made, and by nobody else's key, time or spelling."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from services.gateway.mine.links import OwnPage, PageLinks
from services.gateway.mine.looking import marked, without_forms
from services.gateway.site.dress import PLAIN

NOW = datetime(2024, 3, 1, 12, tzinfo=UTC)
LINKS = PageLinks.from_seal_key(b"k" * 32)
PAGE = OwnPage(1, 2, UUID(int=3), NOW + timedelta(hours=1))
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def test_a_link_opens_its_page_until_its_time_is_over() -> None:
    token = LINKS.token(PAGE)
    assert LINKS.read(token, NOW) == PAGE
    assert LINKS.read(token, PAGE.until) is None
    assert PageLinks.from_seal_key(b"j" * 32).read(token, NOW) is None


def test_a_link_to_look_at_a_page_opens_it_for_nothing_else() -> None:
    token = LINKS.token(PAGE._replace(looks=True))
    assert LINKS.read(token, NOW) is None
    assert LINKS.read(token, NOW, looks=True) == PAGE._replace(looks=True)
    assert LINKS.read(token, PAGE.until, looks=True) is None
    assert LINKS.read(LINKS.token(PAGE), NOW, looks=True) == PAGE


def test_a_page_that_is_looked_at_is_marked_and_has_no_form() -> None:
    html = '<p>a</p><form method="post" action="/x"><button>b</button>\n</form><p>c</p><form>d</form>'
    assert without_forms(html) == "<p>a</p><p>c</p>"
    worn = marked(PLAIN._replace(top="<p>logo</p>"), NOW, UTC, "en")
    assert [words in worn.top for words in ("Nothing can be done here", "12:00", "<p>logo</p>")] == [True] * 3


def test_a_link_that_differs_in_any_character_opens_nothing() -> None:
    token = LINKS.token(PAGE)
    changed = [token[:at] + other + token[at + 1 :] for at in range(len(token)) for other in ALPHABET]
    assert [text for text in changed if LINKS.read(text, NOW) is not None] == [token] * len(token)
    for text in (f"{token}=", f"{token[:9]}!{token[9:]}", f"{token}\u00e4", token[:-1], ""):
        assert LINKS.read(text, NOW) is None
