"""What is said in one language, apart from the channel that it is said on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Words:
    """The words of one message. `body` are the paragraphs of what has room for them, an email, a letter or an inbox.

    `short` is one or two sentences for SMS and push; `till` what a till shows or prints. `figure` is what stands out
    in an email, with a caption below it. `offers` says what follows are proposals. `why` is for readers who are no
    members.
    """

    title: str
    body: tuple[str, ...]
    short: str
    till: str
    button: str
    figure: str | None = None
    caption: str = ""
    offers: Mapping[str, str] | None = None
    why: str | None = None


@dataclass(frozen=True, slots=True)
class Frame:
    """The words around a message: greeting, farewell, and the small print below an email."""

    greeting: str
    farewell: str
    why: str
    preferences: str
    unsubscribe: str
    logo: str
