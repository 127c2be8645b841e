"""Addresses: many ways to write one, one form, and nothing that could break out of a header."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.contacts.addresses import CheckedAddress, Unfit, read_address
from libs.messages.content import ChannelName

POINT, SECRET = b"\x04" + bytes(range(64)), bytes(range(16))


def subscription(endpoint: str = "https://push.example.com/a?b=c", point: bytes = POINT, secret: bytes = SECRET) -> str:
    keys = {"p256dh": base64.urlsafe_b64encode(point).decode(), "auth": base64.b64encode(secret).decode()}
    return json.dumps({"endpoint": endpoint, "expirationTime": None, "keys": keys})


def value(channel: ChannelName, text: str, country: str | None = None) -> str:
    read = read_address(channel, text, country)
    assert isinstance(read, CheckedAddress)
    assert read.channel == channel
    return read.value


@pytest.mark.parametrize(
    ("channel", "text", "country", "expected"),
    [
        ("email", " Anna.O'Neil+club@Example.COM ", None, "Anna.O'Neil+club@example.com"),
        ("email", "jan@Köln.example", None, "jan@xn--kln-sna.example"),
        ("sms", "+420 601 123 456", None, "+420601123456"),
        ("sms", "601 123 456", "CZ", "+420601123456"),
        ("sms", "(030) 901820", "DE", "+4930901820"),
        ("sms", "00 39 06 6982", "IT", "+39066982"),
        ("sms", "tel:+1-202-555-0123", "DE", "+12025550123"),
        ("push", "dGhpcy1pc:APA91b-_x", None, "dGhpcy1pc:APA91b-_x"),
        ("http", "chat 17", None, "chat 17"),
        ("file", "Anna Nová\r\n\r\n Dlouhá 1 \n110 00 Praha", None, "Anna Nová\nDlouhá 1\n110 00 Praha"),
    ],
)
def test_addresses_take_one_form(channel: ChannelName, text: str, country: str | None, expected: str) -> None:
    assert value(channel, text, country) == expected


@pytest.mark.parametrize(
    ("channel", "text"),
    [
        *[("email", text) for text in ("", "anna", "@example.com", "anna@", "anna@localhost", "a b@example.com")],
        *[("email", text) for text in ("anna@exa_mple.com", "anna@-x.com", "anna@x..com", '"a"@example.com')],
        *[
            ("email", text)
            for text in ("anna@example.com\r\nBcc: x@example.com", "an\nna@example.com", "ä@example.com")
        ],
        *[("email", f"{'a' * 65}@example.com"), ("email", "a@" + ".".join(["b" * 60] * 5) + ".com")],
        *[("sms", text) for text in ("", "601 123 456", "+1", "+420", "not a number", "+1 202 555 0123 ext. 5")],
        *[("push", text) for text in ("", "a\nb", "ü", "x" * 5_000)],
        *[("web_push", text) for text in ("", "{}", "[1]", "nonsense", '{"endpoint": 1, "keys": {}}')],
        *[("http", text) for text in ("", "a\nb", "x" * 513)],
        *[("file", text) for text in ("", " \n ", "x" * 81, "\n".join("123456789"), "a\x07b")],
        *[(channel, "anna") for channel in ("inbox", "till", "webhook", "pigeon")],
    ],
)
def test_what_is_no_address_is_refused_without_being_repeated(channel: str, text: str) -> None:
    read = read_address(channel, text)
    assert isinstance(read, Unfit)
    assert not text or text not in read.expected


def test_a_subscription_is_known_by_its_endpoint() -> None:
    one, other = read_address("web_push", subscription()), read_address("web_push", subscription(secret=bytes(16)))
    assert isinstance(one, CheckedAddress)
    assert isinstance(other, CheckedAddress)
    assert one.identity == other.identity == "https://push.example.com/a?b=c"
    assert one.value != other.value
    assert json.loads(one.value)["keys"]["auth"] == base64.urlsafe_b64encode(SECRET).decode().rstrip("=")


@pytest.mark.parametrize(
    "bad",
    [
        subscription(endpoint)
        for endpoint in (
            "http://push.example.com/a", "https://localhost/a", "https://127.0.0.1/a", "https://[::1]/a",
            "https://push.example.com:8443/a", "https://u:p@push.example.com/a", "https://10.0.0.1.5/a", "https://x.de",
            "https://push.example.com/a b", "https://push.example.com/\u00e4", "https://2130706433/a",
        )
    ]
    + [subscription(point=b"\x03" + bytes(64)), subscription(point=POINT[:-1]), subscription(secret=bytes(15))],
)  # fmt: skip
def test_a_subscription_leads_to_a_public_name_and_has_fitting_keys(bad: str) -> None:
    assert isinstance(read_address("web_push", bad), Unfit)


@settings(max_examples=60)
@given(st.sampled_from(["email", "sms", "push", "http", "file"]), st.text(max_size=40))
def test_reading_again_changes_nothing(channel: ChannelName, text: str) -> None:
    read = read_address(channel, text, "CZ")
    if isinstance(read, CheckedAddress):
        assert read_address(channel, read.value, "CZ") == read
        assert "\r" not in read.value
        assert channel == "file" or "\n" not in read.value


@settings(max_examples=40)
@given(st.from_regex(r"[a-zA-Z0-9.+-]{1,20}@[a-zA-Z0-9]{1,10}\.(com|cz)", fullmatch=True))
def test_a_mailbox_is_the_same_in_any_case(text: str) -> None:
    upper, lower = read_address("email", text.upper()), read_address("email", text.lower())
    assert isinstance(upper, CheckedAddress)
    assert isinstance(lower, CheckedAddress)
    assert upper.identity == lower.identity == lower.value


def test_addresses_do_not_show_in_a_repr() -> None:
    assert "anna" not in repr(read_address("email", "anna@example.com"))
    assert value("email", "anna@example.com") == "anna@example.com"
