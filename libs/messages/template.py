"""A template as somebody writes it, and what is wrong with one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from libs.design.blocks import Block
from libs.design.faults import Fault
from libs.messages.content import ChannelName, Purpose
from libs.messages.kinds import kind_of
from libs.messages.values import Declared, Variable

PARTS = ("title", "text", "mjml", "html")
"""What a template is made of; MJML becomes HTML when it is published, so it has one of the two at most."""

FORMS: Mapping[ChannelName, tuple[frozenset[str], frozenset[str]]] = {
    "email": (frozenset(("title",)), frozenset(PARTS)),
    "sms": (frozenset(("text",)), frozenset(("text",))),
    "push": (frozenset(("title", "text")), frozenset(("title", "text"))),
    "web_push": (frozenset(("title", "text")), frozenset(("title", "text"))),
    "webhook": (frozenset(("text",)), frozenset(("title", "text"))),
    "http": (frozenset(("text",)), frozenset(("title", "text"))),
    "inbox": (frozenset(("title", "text")), frozenset(("title", "text", "html"))),
    "till": (frozenset(("text",)), frozenset(("text",))),
    "file": (frozenset(("title", "text")), frozenset(("title", "text", "html"))),
}
"""By channel, the parts that a template must have, and those that it may have. An email needs a body besides."""


@dataclass(frozen=True, slots=True)
class Template:
    """The words of one message in one language, for one brand and channel.

    `brand` is empty for the programme's own. `variables` are what a campaign's template tells beside what every one
    can; those of the platform's messages declare none. `purpose` is None for what the message usually is for.
    `blocks` take the place of the body: it is made of them in the brand's look.
    """

    name: str
    language: str
    channel: ChannelName
    parts: Mapping[str, str]
    brand: str = ""
    purpose: Purpose | None = None
    variables: Mapping[str, Variable] = field(default_factory=dict)
    blocks: tuple[Block, ...] = ()

    def declared(self) -> Declared:
        """All that it may tell."""
        return {**kind_of(self.name).variables, **self.variables}

    def meant_for(self) -> Purpose:
        """What consent it takes."""
        return self.purpose or kind_of(self.name).purpose


@dataclass(frozen=True, slots=True)
class Compiled:
    """A template as it is kept once published: its gaps are still there, MJML has become HTML, and a text is there."""

    language: str
    title: str
    text: str
    html: str | None


class TemplateInvalid(ValueError):
    """The template is refused as a whole; `faults` names every one that was found."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__("\n".join(str(fault) for fault in faults))
        self.faults = faults
