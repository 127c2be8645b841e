"""What comes back of text messages: words of members, and what the provider tells, signed."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.messages.opt_words import read_word
from libs.messages.sms_callbacks import Report, is_signed, read_report, signature_of

# The example of the provider's documentation.
TOKEN = "12345"
URL = "https://example.com/myapp.php?foo=1&bar=2"
FIELDS = {
    "CallSid": "CA1234567890ABCDE",
    "Caller": "+14158675310",
    "Digits": "1234",
    "From": "+14158675310",
    "To": "+18005551212",
}
SIGNATURE = "L/OH5YylLD5NRKLltdqwSvS0BnU="


def test_the_example_of_the_documentation() -> None:
    assert signature_of(TOKEN, URL, FIELDS) == SIGNATURE
    assert is_signed(TOKEN, URL, FIELDS, SIGNATURE)


@settings(max_examples=60)
@given(st.sampled_from(sorted(FIELDS)), st.text(max_size=20), st.text(max_size=40))
def test_whatever_is_changed_is_seen(name: str, value: str, signature: str) -> None:
    if value != FIELDS[name]:
        assert not is_signed(TOKEN, URL, FIELDS | {name: value}, SIGNATURE)
    assert not is_signed(TOKEN, URL + "x", FIELDS, SIGNATURE)
    assert not is_signed("other", URL, FIELDS, SIGNATURE)
    assert is_signed(TOKEN, URL, FIELDS, signature) == (signature == SIGNATURE)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"MessageStatus": "delivered"}, Report("delivered", "", dead=False)),
        ({"MessageStatus": "undelivered", "ErrorCode": "30005"}, Report("bounced", "30005", dead=True)),
        ({"MessageStatus": "undelivered", "ErrorCode": "30007"}, Report("bounced", "30007", dead=False)),
        ({"MessageStatus": "failed", "ErrorCode": "<b>+39333</b>"}, Report("failed", "", dead=False)),
        ({"MessageStatus": "sent"}, None),
        ({"MessageStatus": "queued"}, None),
        ({}, None),
    ],
)
def test_reports_are_read(fields: dict[str, str], expected: Report | None) -> None:
    assert read_report(fields) == expected


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("STOP", "stop"),
        (" Stop! ", "stop"),
        ("stop all", "stop"),
        ("Opt-out", "stop"),
        ("Arrêt", "stop"),
        ("ABMELDEN.", "stop"),
        ("Zrušit", "stop"),
        ("basta", "stop"),
        ("START", "start"),
        ("unstop", "start"),
        ("Přihlásit", "start"),
        ("Please stop sending me these", None),
        ("stop it now", None),
        ("", None),
        ("🛑", None),
        ("starter", None),
    ],
)
def test_words_are_read(text: str, word: str | None) -> None:
    assert read_word(text) == word
