"""What a landing page's form says: names, and a consent that is to be confirmed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from libs.contacts.person import Consent
from libs.design.landing import Form
from services.gateway.confirming.asked import LONGEST_SOURCE, Asked
from services.gateway.confirming.links import Asking, ConfirmLinks
from services.gateway.landing.joining import agrees, names_of, wish
from services.gateway.settings import GatewaySettings

NOW = datetime(2024, 3, 1, 12, tzinfo=UTC)
FORM = Form(asks=("given_name", "family_name"), consent=(("en", "Write to me"),))
ONE, TWO = UUID(int=1), UUID(int=2)


@pytest.mark.parametrize(
    ("fields", "names"),
    [
        ({}, {}),
        ({"given_name": " Flora ", "family_name": ""}, {"given_name": "Flora"}),
        ({"given_name": "Flora", "more": "1"}, {"given_name": "Flora"}),
        ({"given_name": "Flora", "family_name": "evil.example"}, None),
    ],
)
def test_names_are_names(fields: dict[str, str], names: dict[str, str] | None) -> None:
    assert names_of(FORM, fields) == names


def test_a_consent_is_asked_for_in_the_words_of_the_page() -> None:
    assert [agrees(FORM, fields, "en") for fields in ({}, {"consent": "on"})] == [False, True]
    assert not agrees(Form(), {"consent": "on"}, "en")
    asked = wish(ONE, TWO, FORM, "en", "page " + "x" * 200)
    assert (asked.ask_id, asked.member_id, asked.text) == (ONE, TWO, "Write to me")
    assert (len(asked.source), asked.text_version) == (LONGEST_SOURCE, FORM.consent_version("en"))
    kept = Asked(TWO, b"", "marketing", "email", asked.source, asked.text, asked.text_version, NOW, NOW, None)
    word = kept.consent(NOW)
    assert word == Consent("marketing", "email", True, NOW, word.source, asked.text_version)
    assert (len(word.source), word.source.endswith("x, confirmed by mail")) == (LONGEST_SOURCE, True)


def test_a_link_is_read_as_it_was_made() -> None:
    links = ConfirmLinks.from_seal_key(b"k" * 32)
    asking = Asking(1, 2, ONE)
    token = links.path(asking).removeprefix("/confirm/")
    assert links.read(token) == asking
    assert ConfirmLinks.from_seal_key(b"j" * 32).read(token) is None
    assert [links.read(text) for text in ("", token[:-1], f"B{token[1:]}", "\u00e4")] == [None] * 4


def test_links_begin_where_the_gateway_is_said_to_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POINTSTREAM_SEAL_KEY", "A" * 43 + "=")
    needed: dict[str, Any] = {"postgres": {"dsn": "postgresql://x"}, "kafka": {"bootstrap": "127.0.0.1:9"}}
    made = GatewaySettings(**needed, web={"port": 8123})
    assert (made.site, made.public.shares_live) == ("http://localhost:8123", timedelta(days=90))
    assert GatewaySettings(**needed, public={"address": "https://points.example"}).site == "https://points.example"
