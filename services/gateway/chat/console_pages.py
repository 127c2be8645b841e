"""What the console shows of chats: the list, one talk beside what the member has, the words that are ready. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from html import escape
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from libs.language import wording
from libs.language.catalogue import LANGUAGES
from services.gateway.chat.desk import Seen
from services.gateway.chat.pages import SHOWN, form_key, log, watched, writing
from services.gateway.chat.store import Counts, Listed
from services.gateway.chat.talk import Staff, Talk
from services.gateway.chat.terms import MOST_TEXT, Terms
from services.gateway.chat.texts import STAFF
from services.gateway.members.pages import finder, member_path
from services.gateway.members.tier_views import TierView
from services.gateway.site.markup import instant, rows, table
from services.gateway.views import WalletBalance

PLACE = "/chats"
VIEWS = ("open", "unread", "mine", "closed")
SCRIPT = '<script src="/{name}.js" defer></script>'


@dataclass(frozen=True, slots=True)
class Beside:
    """What stands beside a talk: who the member is as far as they may be named, what they have, in whose zone."""

    member_id: UUID
    programme: str
    zone: str
    name: str
    language: str
    wallets: Sequence[WalletBalance]
    tiers: Sequence[TierView]


def chat_path(member_id: UUID, programme: str, language: str, **more: object) -> str:
    """Where a talk is."""
    return f"{PLACE}/{member_id}?" + urlencode({"programme": programme, "lang": language, **more})


def list_fragment(found: Sequence[Listed], names: Mapping[UUID, str], counts: Counts, language: str) -> str:
    """The counts and the talks, which the script keeps up to date."""
    say = partial(STAFF.say, language)
    counted = {key: wording.number(number, language) for key, number in counts._asdict().items()}
    lines = []
    for each in found:
        name = escape(names.get(each.shown_id) or f"{say('nameless')} {each.shown_id}")
        path = escape(chat_path(each.shown_id, each.programme, language))
        zone = ZoneInfo(each.zone)
        waits = "\u2013"
        if each.talk.unread_since is not None:
            moment = wording.zoned_moment(each.talk.unread_since, zone, language)
            number = wording.number(each.talk.unread, language)
            waits = f"<b>{escape(say('waiting', n=each.talk.unread, number=number, moment=moment))}</b>"
        whose = "\u2013" if each.talk.assigned is None else escape(each.talk.assigned.label)
        lines.append((
            f'<a href="{path}">{name}</a>', waits, instant(each.talk.last_at, each.zone, language), whose,
            escape(each.programme),
        ))  # fmt: skip
    heads = [escape(say(each)) for each in ("member", "waits", "last", "whose", "programme")]
    body = table(say("caption"), heads, rows(lines)) if lines else f"<p>{escape(say('none'))}</p>"
    return f'<div data-state=""><p>{escape(say("counts", **counted))}</p>{body}</div>'


def list_body(
    fragment: str, view: str, language: str, *, may_keep: bool, told: str = "", also: str = "",
    typed: tuple[str, str] = ("", ""),
) -> str:  # fmt: skip
    """The list of talks, the ways to other lists, and the form that finds a member to write to."""
    say = partial(STAFF.say, language)
    ways = "".join(
        f'<a href="{PLACE}?show={each}&amp;lang={language}"{_CURRENT if each == view else ""}>'
        f"{escape(say(f'show.{each}'))}</a>"
        for each in VIEWS
    )
    if may_keep:
        ways += f'<a href="{PLACE}/words?lang={language}">{escape(say("words"))}</a>'
    kind, value, search = (escape(say(each)) for each in ("kind", "value", "search"))
    source = f"{PLACE}/live?show={view}&amp;lang={language}"
    return (
        f'<p class="ways">{ways}</p><div id="watched" data-from="{source}">{fragment}</div>'
        f"<h2>{escape(say('find'))}</h2>{finder(PLACE, (kind, value, search), language, told, typed)}"
        f"{also}{SCRIPT.format(name='watch')}"
    )


def talk_fragment(beside: Beside, seen: Seen, staff: Staff, language: str) -> str:
    """How a talk stands, what may be done with it, and what was said, which the script keeps up to date."""
    say = partial(STAFF.say, language)
    source = escape(f"{PLACE}/{beside.member_id}/live?") + escape(
        urlencode({"programme": beside.programme, "lang": language, "change": seen.change})
    )
    if seen.talk is None:
        return f'<div data-from="{source}"><p>{escape(say("new"))}</p></div>'
    told = log(
        seen.messages, lambda each: each.said_by or say("from.member"), beside.zone, language, ours=True
    )  # fmt: skip
    older = ""
    if len(seen.messages) == SHOWN:
        path = chat_path(beside.member_id, beside.programme, language, before=seen.messages[0].number)
        older = f'<p><a href="{escape(path)}">{escape(say("older"))}</a></p>'
    return (
        f'<div data-from="{source}">{_standing(seen, seen.talk, ZoneInfo(beside.zone), language)}'
        f"{_doings(beside, seen.talk, staff, language)}{older}{told}{_read(seen, seen.talk, language)}</div>"
    )


def talk_body(beside: Beside, seen: Seen, staff: Staff, language: str, *, text: str = "", refused: str = "") -> str:
    """A talk, and beside it who the member is and what they have."""
    say = partial(STAFF.say, language)
    path = chat_path(beside.member_id, beside.programme, language)
    has = [
        say("balance", wallet=each.wallet, points=wording.number(each.spendable, language, each.scale))
        for each in beside.wallets
    ]
    has += [
        say("tier", tier_set=each.tier_set, level=each.title or each.level)
        for each in beside.tiers
        if each.title or each.level
    ]
    ready = "".join(
        f'<a href="{escape(f"{path}&answer={each.name}")}">{escape(each.name)}</a>' for each in seen.terms.answers
    )
    answers = f'<p class="ways">{escape(say("ready"))}: {ready}</p>' if ready else ""
    wrong = f'<p role="alert" class="bad">{escape(say("refused", why=refused))}</p>' if refused else ""
    key = form_key(f"{beside.member_id} {staff.key_id}", seen)
    member = escape(member_path(beside.member_id, beside.programme, language))
    return (
        f'<p class="ways"><a href="{PLACE}?lang={language}">{escape(say("to-list"))}</a>'
        f'<a href="{member}">{escape(say("to-member"))}</a></p>'
        f"<p><b>{escape(beside.name or say('nameless'))}</b> <code>{beside.member_id}</code><br>"
        f"{escape(' · '.join(has))}</p>{wrong}"
        f"{watched(talk_fragment(beside, seen, staff, language), say('title'))}{answers}"
        f"{writing(escape(path), key, say('text'), say('send'), text)}{SCRIPT.format(name='chat')}"
    )


def older_body(beside: Beside, seen: Seen, language: str) -> str:
    """What was said before the last hundred messages."""
    say = partial(STAFF.say, language)
    told = log(seen.messages, lambda each: each.said_by or say("from.member"), beside.zone, language, ours=True)
    back = (
        f'<p><a href="{escape(chat_path(beside.member_id, beside.programme, language))}">{escape(say("title"))}</a></p>'
    )
    if len(seen.messages) == SHOWN:
        path = chat_path(beside.member_id, beside.programme, language, before=seen.messages[0].number)
        told = f'<p><a href="{escape(path)}">{escape(say("older"))}</a></p>{told}'
    return f"{told}{back}"


def words_body(programme: str, name: str, terms: Terms, language: str, told: str = "") -> str:
    """The forms of a programme: whether members may write, the greeting, and the answers that are ready."""
    say = partial(STAFF.say, language)
    action = escape(f"{PLACE}/words?" + urlencode({"programme": programme, "lang": language}))
    answer = f'<p role="status" class="good">{escape(told)}</p>' if told else ""
    greeting = "".join(
        _area(f"greeting.{programme}.{each}", f"greeting.{each}", say("words.greeting", language=each),
              terms.greeting.get(each, ""), needed=False)
        for each in LANGUAGES
    )  # fmt: skip
    lines = rows(
        (
            f"<code>{escape(each.name)}</code>",
            "<br>".join(f"<b>{escape(tag)}</b> {escape(text)}" for tag, text in each.texts.items()),
            f'<form method="post" action="{action}"><input type="hidden" name="do" value="drop">'
            f'<input type="hidden" name="name" value="{escape(each.name)}">'
            f"<button>{escape(say('words.drop'))}</button></form>",
        )
        for each in terms.answers
    )
    heads = [escape(say(each)) for each in ("words.head", "words.texts", "words.change")]
    ready = f'<div class="prose">{table(say("words.answers"), heads, lines, of=name)}</div>' if lines else ""
    texts = "".join(
        _area(f"text.{programme}.{each}", f"text.{each}", say("words.text", language=each), "", needed=each == language)
        for each in LANGUAGES
    )
    field = f"name.{programme}"
    ticked = " checked" * terms.open
    return (
        f'<h2>{escape(name)}</h2>{answer}<form method="post" action="{action}">'
        f'<input type="hidden" name="do" value="keep"><p class="choices"><label>'
        f'<input type="checkbox" name="open" value="yes"{ticked}>{escape(say("words.open"))}</label></p>{greeting}'
        f"<p><button>{escape(say('words.keep'))}</button></p></form><h3>{escape(say('words.answers'))}</h3>{ready}"
        f'<form method="post" action="{action}"><input type="hidden" name="do" value="add">'
        f'<p><label for="{field}">{escape(say("words.name"))}</label><input id="{field}" name="name" required '
        f'maxlength="63" pattern="[a-z0-9][a-z0-9\\-]*" autocomplete="off"></p>{texts}'
        f"<p><button>{escape(say('words.add'))}</button></p></form>"
    )


_CURRENT = ' aria-current="page"'


def _standing(seen: Seen, talk: Talk, zone: ZoneInfo, language: str) -> str:
    say, moment = partial(STAFF.say, language), wording.zoned_moment(talk.state_at, zone, language)
    told = say(talk.state, moment=moment)
    if talk.state_by is not None:
        told = say(f"{talk.state}.by", moment=moment, by=talk.state_by)
    if talk.assigned is not None:
        told += f" {say('taken', by=talk.assigned.label)}"
    return f'<p class="soft">{escape(told)}</p>'


def _doings(beside: Beside, talk: Talk, staff: Staff, language: str) -> str:
    action = escape(chat_path(beside.member_id, beside.programme, language))
    doings = ["leave" if talk.assigned is not None and talk.assigned.key_id == staff.key_id else "take"]
    doings += ["settle"] * bool(talk.unread) + ["close" if talk.state == "open" else "reopen"]
    buttons = "".join(
        f'<button name="do" value="{each}">{escape(STAFF.say(language, f"do.{each}"))}</button>' for each in doings
    )
    return f'<form method="post" action="{action}" class="dos">{buttons}</form>'


def _read(seen: Seen, talk: Talk, language: str) -> str:
    answers = [each.number for each in seen.messages if each.said_by is not None]
    if not answers:
        return ""
    key = "read" if talk.member_read >= answers[-1] else "unseen"
    return f'<p class="soft">{escape(STAFF.say(language, key))}</p>'


def _area(field: str, name: str, label: str, text: str, *, needed: bool) -> str:
    required = " required" * needed
    return (
        f'<p><label for="{field}">{escape(label)}</label><textarea id="{field}" name="{name}" rows="2" '
        f'maxlength="{MOST_TEXT}"{required}>{escape(text)}</textarea></p>'
    )
