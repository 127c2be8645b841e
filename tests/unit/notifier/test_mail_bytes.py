"""Mails as bytes: what the standard library reads from them, and that no text becomes a header."""

from __future__ import annotations

from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.messages.content import Content
from services.notifier.channels.channel import Letter
from services.notifier.channels.mail_bytes import Sender, fit_address, header_text, mail

NOW = datetime(2026, 11, 10, 12, tzinfo=UTC)
SENDER = Sender("club@shop.example", "shop.example", "help@shop.example")
HEADERS = {
    "from", "to", "subject", "date", "message-id", "content-language", "mime-version", "reply-to", "list-unsubscribe",
    "list-unsubscribe-post", "content-type", "content-transfer-encoding",
}  # fmt: skip
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=120)


def letter(
    title: str = "7 dní", text: str = "Ahoj", html: str | None = "<p>Ahoj</p>", sender: str = "Kávový klub"
) -> Letter:
    content = Content("cs", title, text, html)
    return Letter(UUID(int=7), "anna@example.com", content, sender, "https://g.example/u/abc")


def read(raw: bytes) -> EmailMessage:
    return message_from_bytes(raw, policy=default)


def test_a_mail_has_what_mailboxes_ask_for() -> None:
    found = read(mail(letter(), SENDER, NOW))
    assert found["From"] == "Kávový klub <club@shop.example>"
    assert found["To"] == "anna@example.com"
    assert found["Subject"] == "7 dní"
    assert found["Message-ID"] == f"<{UUID(int=7)}@shop.example>"
    assert found["Reply-To"] == "help@shop.example"
    assert found["List-Unsubscribe"] == "<https://g.example/u/abc>"
    assert found["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert [part.get_content_type() for part in found.iter_parts()] == ["text/plain", "text/html"]
    plain = found.get_body(("plain",))
    assert plain is not None
    assert plain.get_content().strip() == "Ahoj"


def test_text_alone_is_a_mail_too() -> None:
    found = read(mail(letter(html=None, text="Ž" * 200 + "\n.\nend"), SENDER, NOW))
    assert found.get_content_type() == "text/plain"
    assert found.get_content().split() == ["Ž" * 200, ".", "end"]


@settings(max_examples=120, deadline=None)
@given(title=TEXTS, name=TEXTS, text=TEXTS, html=TEXTS)
def test_no_text_becomes_a_header_or_a_part(title: str, name: str, text: str, html: str) -> None:
    raw = mail(letter(title, text, html, name), SENDER, NOW)
    head, _, _ = raw.partition(b"\r\n\r\n")
    assert raw.isascii()
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert b"\r" not in raw.replace(b"\r\n", b"")
    assert all(len(line) <= 998 for line in raw.split(b"\r\n"))
    found = read(raw)
    assert {name.lower() for name in found} <= HEADERS
    assert len(found.keys()) == len(set(found.keys()))
    assert len(list(found.iter_parts())) == 2
    assert head.count(b"\r\nTo:") == 1


@pytest.mark.parametrize("title", ["Hi\r\nBcc: all@example.com", "Hi\nX: 1", "Hi\u2028X: 1", "=?utf-8?q?Hi=0ABcc:_x?="])
def test_an_injected_line_stays_words(title: str) -> None:
    found = read(mail(letter(title), SENDER, NOW))
    assert found["Bcc"] is None
    assert found["X"] is None
    assert "\n" not in header_text(title).replace("\r\n ", "")


@pytest.mark.parametrize(
    "address", ["a@b.cz\r\nRCPT TO:<c@d.cz>", "a b@c.cz", "<a@b.cz>", "a@b.cz,c@d.cz", "á@b.cz", "a@b@c.cz", "a@", "@b"]
)
def test_what_is_no_address_is_refused(address: str) -> None:
    assert not fit_address(address)
    with pytest.raises(ValueError, match="no mail address"):
        mail(Letter(UUID(int=7), address, Content("en", "t", "x"), "s"), SENDER, NOW)


def test_a_link_with_a_break_is_refused() -> None:
    broken = Letter(UUID(int=7), "a@b.cz", Content("en", "t", "x"), "s", "https://x.example/\r\nBcc: y")
    with pytest.raises(ValueError, match="link"):
        mail(broken, SENDER, NOW)
