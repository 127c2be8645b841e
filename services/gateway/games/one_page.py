"""What the page of one game shows: how it stands, its odds, its winners or bids, and why its draw is true. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import NamedTuple
from uuid import UUID

import yaml

from libs.contracts.games import GameView
from libs.games.documents import Auction, Gives, Lottery, Sector, Wheel, parse_game, words
from libs.language import wording
from services.gateway.games.pages import PLACE, Scene, path_of, played, standing, title_of
from services.gateway.games.pictures import Slice, rising, swatch, wheel
from services.gateway.games.played import Played
from services.gateway.games.texts import GAMES
from services.gateway.members.pages import member_path
from services.gateway.site.markup import instant, listed, preformatted, prose, rows, table


class Proof(NamedTuple):
    """What came of drawing again: so many results, and everything that was otherwise."""

    drawn: int
    faults: tuple[str, ...]


def game_body(
    game: GameView, course: Played, scene: Scene, *, told: str = "", proof: Proof | None = None, draft: str = ""
) -> str:
    """All of a game; `told` is what came of a button, `draft` what somebody wrote that could not be saved."""
    what = parse_game(game.document)
    answer = f'<p role="status">{escape(told)}</p>' if told else ""
    back = f'<p class="ways"><a href="{PLACE}?lang={scene.language}">{scene.say("to-games")}</a></p>'
    head = (
        f"{back}{answer}<p>{standing(game, scene)}</p>"
        f'<p class="soft"><code>{escape(game.programme)}</code> <code>{escape(game.name)}</code></p>'
        f'<p class="figure">{played(game, scene)}</p>'
    )
    return "".join([
        head, *_costs(what, game, course, scene), _buttons(game, scene), _prizes(what, game, course, scene),
        _bids(game, course, scene) if isinstance(what, Auction) else "", _winners(what, game, course, scene),
        _proof(game, proof, scene), _document(game, draft, scene),
    ])  # fmt: skip


def page_title(game: GameView, language: str) -> str:
    """What the page is called."""
    return title_of(game, language)


def written(game: GameView) -> str:
    """The document as YAML."""
    return yaml.safe_dump(game.document, allow_unicode=True, sort_keys=False, width=110)


def _costs(what: Lottery | Wheel | Auction, game: GameView, course: Played, scene: Scene) -> Iterable[str]:
    if isinstance(what, Lottery):
        price = scene.say("ticket-free")
        if what.ticket is not None:
            price = scene.say("ticket-price", points=scene.number(what.ticket))
        yield f"<p>{price}</p>"
        if course.holders.tickets:
            paid = scene.say("paid", points=scene.number(course.holders.points))
            yield f"<p>{scene.counted('holders', course.holders.members)} {paid}</p>"
    elif isinstance(what, Wheel):
        price = scene.say("spin-price", points=scene.number(what.spin)) if what.spin else scene.say("spin-free")
        yield f"<p>{price}</p>"
    elif game.least is not None:
        yield f"<p>{scene.say('least', points=scene.number(game.least))}</p>"


def _buttons(game: GameView, scene: Scene) -> str:
    if not scene.may_change or game.state == "ended":
        return ""
    why, do, name = "", "", "end"
    if game.state == "draft":
        why, do, name = f'<p class="soft">{scene.say("do.open.why")}</p>', scene.say("do.open"), "open"
    elif game.closes_at <= scene.now:
        do = scene.say("do.draw")
    elif game.kind == "wheel":
        do = scene.say("do.end")
    else:
        return ""
    action = f"{escape(path_of(game.programme, game.name))}?lang={scene.language}"
    return f'<form method="post" action="{action}">{why}<p><button name="do" value="{name}">{do}</button></p></form>'


def _prizes(what: Lottery | Wheel | Auction, game: GameView, course: Played, scene: Scene) -> str:
    if isinstance(what, Wheel):
        return _odds(what, game, course, scene)
    if isinstance(what, Auction):
        return f"<h2>{scene.say('prizes')}</h2><p>{_gives(what.prize, scene)}</p>"
    lines = rows(
        (escape(words(each.texts, scene.language, each.name)), scene.number(each.pieces), _gives(each, scene))
        for each in what.prizes
    )
    heads = [scene.say(name) for name in ("prize", "pieces", "gives")]
    return f"<h2>{scene.say('prizes')}</h2>" + table(GAMES.say(scene.language, "prizes"), heads, lines)


def _odds(what: Wheel, game: GameView, course: Played, scene: Scene) -> str:
    whole = sum(each.weight for each in what.sectors)
    slices, lines = [], []
    for at, each in enumerate(what.sectors):
        share, name = each.weight / whole, words(each.texts, scene.language, each.name)
        percent = _percent(share, scene)
        slices.append(Slice(name, share, percent))
        left = scene.say("endless") if each.pieces is None else scene.number(game.left.get(each.name, each.pieces))
        lines.append((
            swatch(at), escape(name), escape(percent), scene.number(round(share * game.spins)),
            scene.number(course.stops.get(each.name, 0)), left, _gives(each, scene),
        ))  # fmt: skip
    heads = ["", *(scene.say(name) for name in ("sector", "share", "expected", "stopped", "pieces-left", "gives"))]
    heads[0] = scene.say("number")
    drawn = wheel(GAMES.say(scene.language, "odds.picture"), slices)
    return f"<h2>{scene.say('odds')}</h2>{drawn}" + table(GAMES.say(scene.language, "odds"), heads, rows(lines))


def _gives(what: Gives, scene: Scene) -> str:
    if isinstance(what, Sector) and what.nothing:
        return scene.say("nothing")
    told = [
        f"{scene.number(what.quantity)} \u00d7 <code>{escape(what.reward)}</code>" if what.reward is not None else "",
        scene.points(what.points) if what.points is not None else "",
        f"{scene.say('badge')} <code>{escape(what.badge)}</code>" if what.badge is not None else "",
    ]
    return ", ".join(each for each in told if each) or scene.say("by-hand")


def _bids(game: GameView, course: Played, scene: Scene) -> str:
    if not course.bids:
        return ""
    drawn = rising(GAMES.say(scene.language, "bids.picture"), [(each.at, each.points) for each in course.bids])
    lines = rows(
        (scene.number(each.points), scene.say(f"bid.{each.state}"), _member(each.member_id, game, scene),
         instant(each.at, scene.zone, scene.language))
        for each in course.bids
    )  # fmt: skip
    heads = [scene.say(name) for name in ("bid", "state", "member", "at")]
    return f"<h2>{scene.say('bids')}</h2>{drawn}" + table(GAMES.say(scene.language, "bids"), heads, lines)


def _winners(what: Lottery | Wheel | Auction, game: GameView, course: Played, scene: Scene) -> str:
    if game.state == "draft":
        return ""
    head = f"<h2>{scene.say('wins')}</h2>"
    if not course.wins:
        return f"{head}<p>{scene.say('no-wins')}</p>"
    titles: dict[str, str] = {}
    if isinstance(what, Lottery):
        titles = {each.name: words(each.texts, scene.language, each.name) for each in what.prizes}
    elif isinstance(what, Wheel):
        titles = {each.name: words(each.texts, scene.language, each.name) for each in what.sectors}
    lines = []
    for each in course.wins:
        prize = title_of(game, scene.language) if isinstance(what, Auction) else scene.say("substitute")
        if each.prize in titles:
            prize = escape(titles[each.prize])
        lines.append((
            scene.number(each.place), scene.number(each.number), _member(each.member_id, game, scene), prize,
            instant(each.at, scene.zone, scene.language),
        ))  # fmt: skip
    heads = [scene.say(name) for name in ("place", "number", "member", "prize", "at")]
    return head + table(GAMES.say(scene.language, "wins"), heads, rows(lines))


def _member(member_id: UUID, game: GameView, scene: Scene) -> str:
    link = escape(member_path(member_id, game.programme, scene.language))
    return f'<a href="{link}">{member_id}</a>'


def _proof(game: GameView, proof: Proof | None, scene: Scene) -> str:
    if game.commitment is None:
        return ""
    facts = [(scene.say("commitment"), f"<code>{game.commitment}</code>")]
    if game.seed is not None:
        facts.append((scene.say("seed"), f"<code>{game.seed}</code>"))
    told = "".join(f"<dt>{name}</dt><dd>{value}</dd>" for name, value in facts)
    parts = [f'<h2 id="proof">{scene.say("proof")}</h2><dl>{told}</dl>']
    if game.seed is None:
        return "".join([*parts, f'<p class="soft">{scene.say("seed.later")}</p>'])
    path = escape(path_of(game.programme, game.name))
    if proof is None:
        parts.append(
            f'<p class="ways"><a href="{path}?lang={scene.language}&amp;again=true#proof">{scene.say("verify")}</a></p>'
        )
    elif proof.faults:
        parts.append(
            f'<p class="bad" role="alert">▲ {scene.say("not-verified")}</p>{listed(map(escape, proof.faults))}'
        )
    else:
        parts.append(f'<p class="good" role="status">✓ {scene.counted("verified", proof.drawn)}</p>')
    record = prose(GAMES.say(scene.language, "record"))
    parts.append(f'<p><a href="{path}/record.json" download="{escape(game.name)}.json">{record}</a></p>')
    return "".join(parts)


def _document(game: GameView, draft: str, scene: Scene) -> str:
    text = draft or written(game)
    if game.state != "draft" or not scene.may_change:
        return f"<h2>{scene.say('document')}</h2>{preformatted(text)}"
    action = f"{escape(path_of(game.programme, game.name))}?lang={scene.language}"
    return (
        f'<h2>{scene.say("document")}</h2><form method="post" action="{action}">'
        f'<input type="hidden" name="version" value="{game.version}">'
        f'<p><label for="document">{scene.say("document.edit")}</label>'
        f'<textarea id="document" name="document" rows="24" spellcheck="false">\n{escape(text)}</textarea></p>'
        f'<p><button name="do" value="save">{scene.say("do.save")}</button></p></form>'
    )


def _percent(share: float, scene: Scene) -> str:
    return f"{wording.number(round(share * 1000), scene.language, 1)} %"
