"""What the pages on members show: a form to find one, and all that is known of one, with the reasons. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from html import escape
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from libs.language import wording
from libs.segments.lists import KINDS
from services.gateway.members.texts import MEMBERS
from services.gateway.members.tier_views import MemberWithTiers, TierView
from services.gateway.receipts.views import ReceiptView
from services.gateway.site.markup import listed, rows, table
from services.gateway.views import HistoryEntry, MovementView, WalletBalance

MEMBER_ID = "member_id"
"""The choice of the form that means an id, and no identifier."""


@dataclass(frozen=True, slots=True)
class Shown:
    """All that the page of a member shows. `receipts` and `journal` are None for who may not see them.

    `segments` are those that the member is in, as people call them; `older` is where the journal goes on; `reached`,
    `lapsing`, `blocked`, `household` and `rewards` are the sections on how the member is reached, on what lapses, on
    blocks, on who shares points, and on the way to rewards, as HTML.
    """

    member: MemberWithTiers
    zone: ZoneInfo
    segments: Sequence[str]
    receipts: Sequence[ReceiptView] | None
    journal: Sequence[HistoryEntry] | None
    older: str | None
    reached: str = ""
    lapsing: str = ""
    blocked: str = ""
    household: str = ""
    rewards: str = ""


def member_path(member_id: UUID, programme: str, language: str, **more: str) -> str:
    """Where a member's page is."""
    return f"/members/{member_id}?" + urlencode({"programme": programme, "lang": language, **more})


def form(language: str, told: str = "", typed: tuple[str, str] = ("", "")) -> str:
    """The form that finds a member; `told` is what came of the last time, when `typed` stood in it."""
    say = partial(_say, language)
    return f"<p>{say('look')}</p>{finder('/members', (say('kind'), say('value'), say('find')), language, told, typed)}"


def finder(
    place: str, labels: tuple[str, str, str], language: str, told: str = "", typed: tuple[str, str] = ("", "")
) -> str:
    """The fields that name a member, sent to a page; `labels`, in HTML, are of the kind, the value and the button.

    `typed` is the kind and the value that stand in it.
    """
    kind, value, button = labels
    kinds = "".join(
        f'<option value="{each}"{" selected" if each == typed[0] else ""}>{_say(language, f"kind.{each}")}</option>'
        for each in (*KINDS, MEMBER_ID)
    )
    answer = f'<p role="status">{escape(told)}</p>' if told else ""
    return (
        f'{answer}<form method="post" action="{place}?lang={language}" class="filters">'
        f'<p><label for="kind">{kind}</label> <select id="kind" name="kind">{kinds}</select></p>'
        f'<p><label for="value">{value}</label> '
        f'<input id="value" name="value" required maxlength="200" autocomplete="off" value="{escape(typed[1])}"></p>'
        f"<p><button>{button}</button></p></form>"
    )


def choices(
    found: Iterable[tuple[str, UUID]], language: str, path: Callable[[UUID, str, str], str] = member_path
) -> str:
    """Links to the members that an identifier belongs to, by programme; `path` is that of one."""
    links = [
        f'<a href="{escape(path(member_id, programme, language))}">{escape(programme)}</a>'
        for programme, member_id in found
    ]
    return f"<p>{_say(language, 'several')}</p>{listed(links)}"


def member_body(shown: Shown, language: str) -> str:
    """All of a member."""
    member, say = shown.member, partial(_say, language)
    known = [f"{say(f'kind.{one.kind}')} {escape(one.masked)}" for one in member.identifiers]
    body = [
        f"<p>{escape(_who(shown, language))}<br><code>{member.member_id}</code></p>",
        f"<h2>{say('identifiers')}</h2>",
        listed(known) if known else f"<p>{say('none')}</p>",
        shown.blocked,
        shown.reached,
        f"<h2>{say('balances')}</h2>",
        _balances(shown, language),
        shown.household,
        shown.rewards,
        shown.lapsing,
        *([f"<h2>{say('tiers')}</h2>", _tiers(shown, language)] if member.tiers else []),
        f"<h2>{say('segments')}</h2>",
        listed(map(escape, shown.segments)) if shown.segments else f"<p>{say('none')}</p>",
    ]
    if shown.receipts is not None:
        body += [f"<h2>{say('receipts')}</h2>", _receipts(shown.receipts, shown.zone, language)]
    if shown.journal is not None:
        body += [f"<h2>{say('journal')}</h2>", _journal(shown, shown.journal, language)]
    return "".join(body)


def _who(shown: Shown, language: str) -> str:
    day = wording.day(shown.member.enrolled_at.astimezone(shown.zone).date(), language)
    return MEMBERS.say(language, "who", programme=shown.member.programme, day=day)


def _balances(shown: Shown, language: str) -> str:
    heads = ("wallet", "spendable", "pending", "held", "debt", "next")
    lines = [
        [
            escape(each.wallet),
            *(
                escape(wording.number(points, language, each.scale))
                for points in (each.spendable, each.pending, each.held, each.debt)
            ),
            "<br>".join(escape(text) for text in _next(each, shown.zone, language)) or "\u2013",
        ]
        for each in shown.member.wallets
    ]
    return table(MEMBERS.say(language, "balances"), _heads(heads, language), rows(lines))


def _next(each: WalletBalance, zone: ZoneInfo, language: str) -> Iterator[str]:
    number = partial(wording.number, language=language, scale=each.scale)
    for one in each.activations:
        moment = wording.zoned_moment(one.at, zone, language)
        yield MEMBERS.say(language, "activates", points=number(one.points), moment=moment)
    if each.next_expiry is not None:
        day = wording.day(each.next_expiry.last_day, language)
        yield MEMBERS.say(language, "lapses", points=number(each.next_expiry.points), day=day)
    if each.lent_due_at is not None:
        moment = wording.zoned_moment(each.lent_due_at, zone, language)
        yield MEMBERS.say(language, "lent", points=number(each.lent), moment=moment)


def _tiers(shown: Shown, language: str) -> str:
    lines = [
        [
            escape(each.tier_set),
            escape(each.title or each.level or "\u2013"),
            "\u2013" if each.until is None else _moment(each.until, shown.zone, language),
            "<br>".join(map(escape, (*each.benefits, *each.rewards))) or "\u2013",
            escape(_progress(each, language)) or "\u2013",
        ]
        for each in shown.member.tiers
    ]
    heads = ("tier_set", "level", "until", "has", "progress")
    return table(MEMBERS.say(language, "tiers"), _heads(heads, language), rows(lines))


def _progress(tier: TierView, language: str) -> str:
    if tier.next is None:
        return ""
    figures = [
        MEMBERS.say(
            language,
            f"figure.{one.what}",
            done=wording.number(one.done, language),
            least=wording.number(one.least, language),
        )
        for one in tier.next.progress
    ]
    return MEMBERS.say(language, "progress.one", level=tier.next.title or tier.next.level, figures="; ".join(figures))


def _receipts(found: Sequence[ReceiptView], zone: ZoneInfo, language: str) -> str:
    if not found:
        return f"<p>{_say(language, 'none')}</p>"
    lines = [
        [
            _moment(each.judged_at, zone, language),
            f"{escape(each.receipt.number if each.receipt else each.id)}<br><code>{escape(each.kind)}</code>",
            f"<b>{escape(each.words)}</b>" + listed(map(escape, _why(each, language))),
        ]
        for each in found
    ]  # fmt: skip
    return table(MEMBERS.say(language, "receipts"), _heads(("when", "what", "came"), language), rows(lines))


def _why(receipt: ReceiptView, language: str) -> Iterator[str]:
    if receipt.explanation is None:
        return
    for paid in receipt.explanation.campaigns:
        yield MEMBERS.say(language, "paid", name=paid.name, arithmetic=paid.arithmetic)
    for unpaid in receipt.explanation.not_paid:
        yield MEMBERS.say(language, "unpaid", name=unpaid.name, words=unpaid.words)
    for capped in receipt.explanation.caps:
        yield MEMBERS.say(language, "capped", name=capped.name)


def _journal(shown: Shown, entries: Sequence[HistoryEntry], language: str) -> str:
    scales = {each.wallet: each.scale for each in shown.member.wallets}
    lines = [
        [
            str(entry.seq) if isinstance(entry, MovementView) else "",
            _moment(entry.effective_at, shown.zone, language),
            escape(entry.words),
            _points(entry, scales, language),
            "" if entry.receipt is None else escape(entry.receipt.number or entry.receipt.id),
        ]
        for entry in entries
    ]
    heads = ("number", "when", "what", "points", "receipt")
    told = table(MEMBERS.say(language, "journal.caption"), _heads(heads, language), rows(lines))
    if shown.older is None:
        return told
    path = member_path(shown.member.member_id, shown.member.programme, language, cursor=shown.older)
    return told + f'<p><a href="{escape(path)}">{_say(language, "older")}</a></p>'


def _points(entry: HistoryEntry, scales: Mapping[str, int], language: str) -> str:
    if not isinstance(entry, MovementView):
        return ""
    number = wording.number(entry.points, language, scales.get(entry.wallet, 0))
    return escape(f"{number} {entry.wallet}")


def _moment(instant: datetime, zone: ZoneInfo, language: str) -> str:
    return f'<time datetime="{instant.isoformat()}">{escape(wording.zoned_moment(instant, zone, language))}</time>'


def _heads(names: Iterable[str], language: str) -> list[str]:
    return [_say(language, name) for name in names]


def _say(language: str, key: str) -> str:
    return escape(MEMBERS.say(language, key))
