"""What a message says, once a template is filled for one member; a channel takes the parts that it can carry."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ChannelName = Literal["email", "sms", "push", "web_push", "webhook", "http", "inbox", "till", "file"]
"""The ways to a member. `http` is whatever provider is spoken to by a template of its request."""

WayName = ChannelName | Literal["social"]
"""Every way out that takes a provider: those to members, and to the company's own pages on a network."""

ADDRESSLESS: frozenset[ChannelName] = frozenset(("inbox", "till", "webhook"))
"""Channels that reach a member by what the platform knows anyway."""

Purpose = Literal["service", "marketing", "profiling", "location"]
"""What a consent is given for. A service message belongs to what the member joined: it is sent unless refused."""


@dataclass(frozen=True, slots=True)
class Content:
    """The words of one message in one language.

    `title` is an email's subject and a push message's heading, on one line. `text` is never empty; `html` is for
    channels that show it. `link` is where the member goes on from here.
    """

    language: str
    title: str
    text: str
    html: str | None = None
    link: str | None = None
