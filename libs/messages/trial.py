"""Filling a template on trial before it is published: with all that it may tell, and with as little as it may."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from libs.design.faults import Fault
from libs.messages import samples
from libs.messages.content import ChannelName, Content
from libs.messages.rendering import TooLong, ready, render
from libs.messages.segments import count_segments, foreign_characters
from libs.messages.template import FORMS, Compiled, Template
from libs.messages.values import Unfit

MOST_SEGMENTS = 3
"""How many text messages a template's text may be, filled with what is usual."""

LONGEST_TEXT: Mapping[ChannelName, int] = {"till": 160, "push": 1_000, "web_push": 1_000}
"""How long a text may be where little is shown or carried, filled with what is usual; in characters."""


def faults_when_filled(template: Template, made: Compiled) -> Iterator[Fault]:
    """Find what is wrong with what comes of a template."""
    declared = template.declared()
    prepared = ready(made, declared)
    for values in (samples.full(declared), samples.bare(declared)):
        try:
            content = render(prepared, values)
        except (Unfit, TooLong) as error:
            yield Fault("document", str(error))
            return
        if found := tuple(_faults_of(content, template)):
            yield from found
            return


def _faults_of(content: Content, template: Template) -> Iterator[Fault]:
    needed, _ = FORMS[template.channel]
    if not content.title and "title" in needed:
        yield Fault("title", "nothing is left of it when little is known")
    if not content.text:
        yield Fault("text", "nothing is left of it when little is known")
    longest = LONGEST_TEXT.get(template.channel)
    if longest is not None and len(content.text) > longest:
        yield Fault("text", f"with usual values it has {len(content.text)} characters; allowed: {longest}")
    if template.channel == "sms" and (counted := count_segments(content.text)).count > MOST_SEGMENTS:
        takes = f"{counted.count} segments ({counted.units} units of {counted.encoding})"
        reason = f"with usual values it takes {takes}; allowed: {MOST_SEGMENTS}"
        if counted.encoding == "UCS-2":
            reason += f"; these take it out of GSM-7: {foreign_characters(content.text)[:10]}"
        yield Fault("text", reason)
