"""What the page of games shows: what there is, badges, and ready documents to begin with. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from html import escape
from typing import NamedTuple
from urllib.parse import quote

from libs.contracts.games import BadgeView, GameView
from libs.games.documents import parse_badge, words
from libs.games.library import Example
from libs.language import wording
from services.gateway.games.played import Given
from services.gateway.games.texts import GAMES
from services.gateway.site.markup import instant, listed, time_left

PLACE, RANKINGS = "/games", "/games/rankings"


class Scene(NamedTuple):
    """How a page is shown: in which language, for which zone, now, and whether the reader may change anything."""

    language: str
    zone: str
    now: datetime
    may_change: bool

    def say(self, key: str, /, **values: object) -> str:
        """Say a text, as HTML."""
        return escape(GAMES.say(self.language, key, **values))

    def number(self, value: int) -> str:
        """A number in the reader's language."""
        return escape(wording.number(value, self.language))

    def counted(self, key: str, value: int) -> str:
        """Say a text with a number that chooses its words."""
        return self.say(key, n=value, number=wording.number(value, self.language))

    def points(self, value: int) -> str:
        """So many points."""
        return self.say("points", points=wording.number(value, self.language))


def path_of(programme: str, name: str, *rest: str) -> str:
    """Where a game's page is."""
    return "/".join([PLACE, *(quote(each, safe="") for each in (programme, name, *rest))])


def programme_section(
    name: str, games: Sequence[GameView], badges: Sequence[BadgeView], given: Mapping[str, Given], scene: Scene
) -> str:
    """The games and badges of a programme, a card for each."""
    cards = "".join(_card(game, scene) for game in games)
    shown = f'<div class="cards">{cards}</div>' if games else f"<p>{scene.say('none')}</p>"
    held = "".join(_badge(badge, given.get(badge.name, Given()), scene) for badge in badges)
    shelf = f'<h3>{scene.say("badges")}</h3><div class="cards">{held}</div>' if badges else ""
    return f"<h2>{escape(name)}</h2>{shown}{shelf}"


def ways(scene: Scene) -> str:
    """The way to rankings."""
    return f'<p class="ways"><a href="{RANKINGS}?lang={scene.language}">{scene.say("rankings")}</a></p>'


def shelf(
    examples: Sequence[Example], programmes: Sequence[str], scene: Scene, typed: Mapping[str, str] | None = None
) -> str:
    """Ready documents, each with what it is and a button that begins with it, under its name or the one `typed`."""
    names = typed or {}
    cards = "".join(_example(each, programmes, scene, names.get(each.name, each.name)) for each in examples)
    return (
        f"<h2>{scene.say('ready')}</h2><p>{scene.say('ready.why')}</p>"
        f'<div class="cards">{cards}</div>'
    )  # fmt: skip


def title_of(game: GameView, language: str) -> str:
    """What a game is called."""
    texts = game.document.get("texts", {})
    found = texts.get(language) or texts.get("en") or {}
    return str(found.get("title", game.name))


def standing(game: GameView, scene: Scene) -> str:
    """What a game is, how it stands, and until when, in a line."""
    told = [f"<b>{scene.say(game.kind)}</b>", f'<span class="status">{scene.say(game.state)}</span>']
    if game.state == "open" and game.opens_at <= scene.now < game.closes_at:
        told.append(f"{scene.say('left-time')} {time_left(game.closes_at, scene.now, scene.language)}")
    elif game.ended_at is not None:
        told.append(f"{scene.say('ended-at')} {instant(game.ended_at, scene.zone, scene.language)}")
    else:
        told.append(f"{scene.say('from')} {instant(game.opens_at, scene.zone, scene.language)}")
    return " · ".join(told)


def played(game: GameView, scene: Scene) -> str:
    """How much a game was played."""
    match game.kind:
        case "lottery":
            return scene.counted("tickets", game.tickets)
        case "wheel":
            return scene.counted("spins", game.spins)
        case "auction":
            return scene.say("no-bid") if game.best is None else scene.say("best", points=scene.number(game.best))


def _card(game: GameView, scene: Scene) -> str:
    link = f"{escape(path_of(game.programme, game.name))}?lang={scene.language}"
    return (
        f'<section><h3><a href="{link}">{escape(title_of(game, scene.language))}</a></h3>'
        f'<p>{standing(game, scene)}</p><p class="figure">{played(game, scene)}</p>'
        f'<p class="soft"><code>{escape(game.name)}</code></p></section>'
    )


def _badge(badge: BadgeView, given: Given, scene: Scene) -> str:
    what = parse_badge(badge.document)
    image = "" if what.picture is None else f'<img src="{escape(what.picture)}" alt="" loading="lazy">'
    levels = listed(
        scene.say(
            "level",
            n=level.times,
            number=wording.number(level.times, scene.language),
            title=words(level.texts, scene.language, level.name),
        )
        for level in what.levels
    )
    told = scene.say("given", members=scene.number(given.members), times=scene.number(given.times))
    return (
        f'<section class="reward"><h4>{escape(words(what.texts, scene.language, badge.name))}</h4>{image}'
        f'<p>{told}</p>{levels if what.levels else ""}<p class="soft"><code>{escape(badge.name)}</code></p></section>'
    )


def _example(example: Example, programmes: Sequence[str], scene: Scene, typed: str) -> str:
    say, name = partial(scene.say), escape(example.name)
    about = escape(example.about.get(scene.language) or example.about["en"])
    head = f"<section><h3>{say(example.sort)}: <code>{name}</code></h3><p>{about}</p>"
    if example.sort == "ranking":
        asked = "&amp;".join(f"{key}={quote(str(value))}" for key, value in example.document.items())
        return f'{head}<p><a href="{RANKINGS}?lang={scene.language}&amp;{asked}">{say("look-at-it")}</a></p></section>'
    if not scene.may_change:
        return f"{head}</section>"
    button = say("write-it" if example.sort == "badge" else "draft-it")
    buttons = "".join(
        f'<button name="programme" value="{escape(slug)}" aria-label="{button}: {name}, {escape(slug)}">{button}'
        f"{f' ({escape(slug)})' if len(programmes) > 1 else ''}</button>"
        for slug in programmes
    )
    return (
        f'{head}<form method="post" action="{PLACE}?lang={scene.language}">'
        f'<input type="hidden" name="example" value="{name}">'
        f'<p><label for="name-{name}">{say("name")}</label> '
        f'<input id="name-{name}" name="name" value="{escape(typed)}" maxlength="40" required></p>'
        f'<p class="dos">{buttons}</p></form></section>'
    )
