"""What was said, as HTML, and a member's own page of it. Pure; a script brings what is new, and without it links do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from html import escape
from uuid import UUID, uuid5

from services.gateway.chat.desk import Seen
from services.gateway.chat.store import Message
from services.gateway.chat.terms import MOST_TEXT, spoken
from services.gateway.chat.texts import CHAT
from services.gateway.mine.pages import Shown
from services.gateway.site.markup import instant, page

PART = "chat"
"""Where the chat lies below a member's own page."""
SHOWN = 100
"""So many messages are shown at once."""
SCRIPT = '<script src="/chat.js" defer></script>'
_NAMESPACE = UUID("6a3d1c52-8a53-4b1c-9a1f-2f0c5e7d9b84")


def message_id(key: str, text: str) -> UUID:
    """The id of what a form says: the same form with the same words is the same message, however often it is sent."""
    return uuid5(_NAMESPACE, f"{key}\n{text}")


def form_key(whose: str, seen: Seen) -> str:
    """What tells the form below a talk from the one below it after the next message."""
    return f"{whose} {seen.messages[-1].number if seen.messages else 0}"


def log(messages: Sequence[Message], who: Callable[[Message], str], zone: str, language: str, *, ours: bool) -> str:
    """What was said, in its order; `ours` says that the staff looks at it, whose own words stand on the right."""
    items = "".join(
        f'<li class="{"own" if (each.said_by is not None) == ours else "their"}">'
        f'<p class="soft">{escape(who(each))}, {instant(each.said_at, zone, language)}</p>'
        f"<p>{_lines(each.text)}</p></li>"
        for each in messages
    )
    return f'<ol class="talk">{items}</ol>' if items else ""


def watched(fragment: str, name: str) -> str:
    """What the script keeps up to date, and reads out when something comes in."""
    return f'<div id="talk" role="log" aria-live="polite" aria-label="{escape(name)}">{fragment}</div>'


def writing(action: str, key: str, label: str, send: str, text: str = "") -> str:
    """The form that says something."""
    return (
        f'<form method="post" action="{action}" data-say>'
        f'<input type="hidden" name="do" value="say"><input type="hidden" name="key" value="{escape(key)}">'
        f'<p><label for="text">{escape(label)}</label><textarea id="text" name="text" rows="3" required '
        f'maxlength="{MOST_TEXT}">{escape(text)}</textarea></p><p><button>{escape(send)}</button></p>'
        "</form>"
    )


def own_fragment(shown: Shown, seen: Seen, zone: str) -> str:
    """What the member and the staff wrote, and where to ask for what is new."""
    say = partial(CHAT.say, shown.language)
    who = {True: say("you"), False: say("us")}
    told = log(seen.messages, lambda each: who[each.said_by is None], zone, shown.language, ours=False)
    older = ""
    if len(seen.messages) == SHOWN:
        path = f"{shown.path(PART)}&amp;before={seen.messages[0].number}"
        older = f'<p><a href="{path}">{escape(say("older"))}</a></p>'
    nothing = f'<p class="soft">{escape(say("nothing"))}</p>'
    source = f"{shown.path(PART, 'live')}&amp;change={seen.change}"
    return f'<div data-from="{source}">{older}{told or nothing}</div>'


def own_page(shown: Shown, seen: Seen, zone: str, *, refused: str = "", text: str = "", live: bool = True) -> str:
    """The page on which a member writes; `refused` is why the last word was not taken, `text` what it was."""
    language, say = shown.language, partial(CHAT.say, shown.language)
    greeting = spoken(seen.terms.greeting, language)
    top = f"<p>{_lines(greeting)}</p>" if greeting else ""
    if refused:
        top += f'<p role="alert" class="bad">{escape(refused)}</p>'
    form = f'<p class="soft">{escape(say("away"))}</p>'
    if seen.terms.open:
        key = form_key(shown.token, seen)
        form = writing(shown.path(PART), key, say("text"), say("send"), text)
        form += f'<p class="soft">{escape(say("later"))}</p>'
    again = f'<noscript><p><a href="{shown.path(PART)}">{escape(say("again"))}</a></p></noscript>'
    fragment = own_fragment(shown, seen, zone)
    told = watched(fragment, say("title")) if live else fragment
    back = f'<p><a href="{shown.path()}">{escape(say("back"))}</a></p>'
    worn = shown.worn.also(SCRIPT) if live else shown.worn
    return page(say("title"), f"{top}{told}{again}{form}{back}", language=language, worn=worn)


def way(shown: Shown, unread: int) -> str:
    """The way from a member's own page to the chat, with how many answers wait there."""
    told = CHAT.say(shown.language, "title")
    if unread:
        told = CHAT.say(shown.language, "way", n=unread, number=str(unread))
    return f'<p><a href="{shown.path(PART)}">{escape(told)}</a></p>'


def _lines(text: str) -> str:
    return escape(text).replace("\n", "<br>")
