"""What is said of messages, in every language."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import get_args
from uuid import UUID

from libs.deliveries.texts import DELIVERIES, entry_in_words, in_words
from libs.deliveries.told import Told, read_trail
from libs.language.catalogue import LANGUAGES
from libs.messages.content import ChannelName
from libs.promotions.messages import MessageName
from services.notifier.channels.channel import Reason
from services.notifier.domain import DropReason, WaitReason
from services.notifier.states import State, name_of

AT = datetime(2026, 11, 10, 12, tzinfo=UTC)
TOLD = Told(
    "main", UUID(int=1), "expiry_reminder", "points@x/7d", date(2026, 12, 31), "email", UUID(int=2), "service", 1,
    ("sms",), {}, "postponed", "quiet_hours", None, None, AT, AT, None, 0, None, None, None, None, None, (),
)  # fmt: skip


def test_every_language_says_all_of_it() -> None:
    assert DELIVERIES.faults() == []


def test_whatever_may_become_of_a_message_has_words() -> None:
    states = [each.__name__.lower() for each in get_args(State)]
    reasons = [
        *get_args(DropReason),
        *get_args(WaitReason),
        *get_args(Reason),
        "not_written",
        "set_aside",
        "lease_ended",
    ]
    keys = [f"state.{name}" for name in states] + [f"reason.{name}" for name in reasons]
    keys += [f"channel.{name}" for name in get_args(ChannelName)] + [
        f"message.{name}" for name in get_args(MessageName)
    ]
    missing = [(language, key) for language in LANGUAGES for key in keys if not DELIVERIES.get(language, key, "")]
    assert missing == []
    assert name_of.__doc__


def test_a_line_says_how_it_stands_why_and_what_comes() -> None:
    assert in_words(TOLD, "en") == (
        "Reminder that points lapse, Email: waits. It is quiet for the member, by the clock where they live. "
        "It is looked at again at 2026-11-10T12:00Z."
    )
    (entry,) = read_trail('[{"at": "2026-11-10T12:00:00Z", "state": "failed", "reason": "teapot", "detail": "418"}]')
    assert entry_in_words(entry, "de") == "wurde aufgegeben: teapot"
