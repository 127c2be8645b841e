"""How a member is reached and what they agreed to, on the member's page of the console: masked. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from html import escape
from zoneinfo import ZoneInfo

from libs.contacts.consent import CHANNELS, PURPOSES, may_write
from libs.contacts.masks import masked_address, masked_name
from libs.contacts.person import Consent, KeptAddress, Person
from libs.language import wording
from libs.messages.content import Purpose
from services.gateway.contacts.console_words import CONTACTS
from services.gateway.site.markup import listed, rows, table


def contacts_section(person: Person, addresses: Iterable[KeptAddress], zone: ZoneInfo, language: str) -> str:
    """Return the section: who the member is, where they are reached, and for what they may be written to."""
    say = partial(CONTACTS.say, language)
    names = [name for name in (masked_name(person.given_name), masked_name(person.family_name)) if name]
    known = [text for text in (person.language, person.zone, person.country) if text]
    who = say("person", name=" ".join(names) or say("no-name"), rest=", ".join(known) or "\u2013")
    lines = [
        [escape(say(each.channel)), escape(masked_address(each.channel, each.value)), _state(each, zone, language)]
        for each in addresses
    ]
    heads = [escape(say(head)) for head in ("channel", "address", "state")]
    reached = table(say("title"), heads, rows(lines)) if lines else f"<p>{escape(say('none'))}</p>"
    may = [_purpose(person, purpose, zone, language) for purpose in PURPOSES]
    permissions = table(say("may"), [escape(say(head)) for head in ("purpose", "allowed", "why")], rows(may))
    return f"<h2>{escape(say('title'))}</h2><p>{escape(who)}</p>{reached}{permissions}"


def _state(address: KeptAddress, zone: ZoneInfo, language: str) -> str:
    moment = wording.zoned_moment(address.changed_at, zone, language)
    key = "alive" if address.alive else "dead"
    told = [CONTACTS.say(language, key, moment=moment, **({} if address.alive else {"reason": address.reason}))]
    if address.reached_at is not None:
        told.append(CONTACTS.say(language, "reached", moment=wording.zoned_moment(address.reached_at, zone, language)))
    return "<br>".join(map(escape, told))


def _purpose(person: Person, purpose: Purpose, zone: ZoneInfo, language: str) -> list[str]:
    allowed = [CONTACTS.say(language, each) for each in CHANNELS if may_write(person, purpose, each).allowed]
    words = [_word(each, zone, language) for each in person.consents if each.purpose == purpose]
    return [
        escape(CONTACTS.say(language, purpose)),
        escape(", ".join(allowed) or CONTACTS.say(language, "nowhere")),
        listed(map(escape, words)) if words else "\u2013",
    ]


def _word(word: Consent, zone: ZoneInfo, language: str) -> str:
    return CONTACTS.say(
        language,
        "said.yes" if word.given else "said.no",
        channel=CONTACTS.say(language, word.channel),
        moment=wording.zoned_moment(word.at, zone, language),
        source=word.source,
    )
