"""The frame of the console's pages: one bar that leads from each page to all others. Pure."""

from __future__ import annotations

from html import escape

from libs.language.catalogue import Catalogue
from services.gateway.site.markup import page

PLACES = (
    "/",
    "/members",
    "/campaigns",
    "/calendar",
    "/segments",
    "/catalogue",
    "/games",
    "/experiments",
    "/scenarios",
    "/referrals",
    "/codes",
    "/backtests",
    "/expiry",
    "/webhooks",
    "/outbox",
    "/templates",
    "/mass",
    "/posts",
    "/chats",
    "/design",
)
"""The console's pages, in the order of the bar."""

_CURRENT = ' aria-current="page"'

BAR = Catalogue(
    {
        "en": {
            "bar": "Console",
            "/": "What goes on",
            "/members": "Members",
            "/campaigns": "Campaigns",
            "/calendar": "Calendar",
            "/segments": "Segments",
            "/catalogue": "Rewards",
            "/games": "Games",
            "/experiments": "Experiments",
            "/scenarios": "Scenarios",
            "/referrals": "Referrals",
            "/codes": "Codes",
            "/backtests": "Backtests",
            "/expiry": "Expiry",
            "/webhooks": "Webhooks",
            "/outbox": "Outbox",
            "/templates": "Messages",
            "/mass": "Mailings",
            "/posts": "Posts",
            "/chats": "Chat",
            "/design": "Design",
            "out": "Sign out",
            "scope": "The API key of this session lacks the scope {scope}.",
            "elsewhere": "This form works from its own page only.",
        },
        "de": {
            "bar": "Konsole",
            "/": "Was gerade geschieht",
            "/members": "Mitglieder",
            "/campaigns": "Aktionen",
            "/calendar": "Kalender",
            "/segments": "Segmente",
            "/catalogue": "Prämien",
            "/games": "Spiele",
            "/experiments": "Experimente",
            "/scenarios": "Szenarien",
            "/referrals": "Empfehlungen",
            "/codes": "Codes",
            "/backtests": "Backtests",
            "/expiry": "Verfall",
            "/webhooks": "Webhooks",
            "/outbox": "Postausgang",
            "/templates": "Nachrichten",
            "/mass": "Mailings",
            "/posts": "Beiträge",
            "/chats": "Chat",
            "/design": "Gestaltung",
            "out": "Abmelden",
            "scope": "Dem API-Schlüssel dieser Sitzung fehlt die Berechtigung {scope}.",
            "elsewhere": "Dieses Formular wirkt nur von seiner eigenen Seite aus.",
        },
    }
)


def console_page(
    here: str, title: str, body: str, language: str, *, spoken: str | None = None, script: bool = False
) -> str:
    """Return a whole page of the console: `here` is its place in the bar, or the place that it belongs to.

    The bar speaks the reader's language, and its links keep it. `spoken` is the page's own where it has but one.
    """
    spoken = language if spoken is None else spoken
    return page(title, body, script=script, wide=True, language=spoken, top=_bar(here, language))


def _bar(here: str, language: str) -> str:
    links = "".join(
        f'<a href="{place}?lang={language}"{_CURRENT if place == here else ""}>{_say(language, place)}</a>'
        for place in PLACES
    )
    out = f'<form method="post" action="/sign-out"><button>{_say(language, "out")}</button></form>'
    bar = f'<nav class="bar" aria-label="{_say(language, "bar")}">{links}{out}</nav>'
    return f'<header class="on-screen" lang="{language}">{bar}</header>'


def _say(language: str, key: str) -> str:
    return escape(BAR.say(language, key))
