"""Masks: one is told from another by them, and nobody is reached by what they leave."""

from __future__ import annotations

import pytest

from libs.contacts.masks import masked_address, masked_name
from libs.messages.content import ChannelName


@pytest.mark.parametrize(
    ("channel", "address", "shown"),
    [
        ("email", "anna.nova@mail.example.org", "a•••@m•••.org"),
        ("sms", "+420601123456", "+42•••456"),
        ("push", "fN1x:APA91bH-token", "•••ken"),
        ("push", "short", "•••"),
        ("web_push", '{"endpoint":"https://push.example.com/secret","keys":{}}', "https://push.example.com/•••"),
        ("http", "chat-4711-0815", "•••815"),
        ("file", "Anna Nová\nDlouhá 1", "•••"),
    ],
)
def test_an_address_is_shown_in_part(channel: ChannelName, address: str, shown: str) -> None:
    assert masked_address(channel, address) == shown


def test_a_name_is_shown_by_its_first_letter() -> None:
    assert [masked_name(name) for name in ("Anna", "", None)] == ["A•••", "", None]
