"""A problem as a page: what a browser is shown where a program gets JSON. Pure."""

from __future__ import annotations

from html import escape
from urllib.parse import parse_qs

from starlette.types import Scope

from libs.language.catalogue import Catalogue
from libs.language.choice import choose
from services.gateway.door.problems import FieldError, ProblemError
from services.gateway.site.console_page import PLACES, console_page
from services.gateway.site.markup import listed, page

_WORDS = Catalogue(
    {
        "en": {
            "wrong": "That did not work",
            "404": "There is nothing at this address, or it is no longer there.",
            "405": "This address works only as the goal of a form. Begin again at the page of the form.",
            "413": "That was too long, and nothing of it was taken. Go back and shorten it.",
            "422": "Something of what was sent is not valid, and nothing of it was taken. Go back and correct it.",
            "429": "That was too often in a short time. Wait a moment, then try again.",
            "500": "The fault is ours. Name the number below when you report it.",
            "503": "This can't be answered right now. Nothing is lost; try again in a moment.",
            "again": "Begin again at this page",
            "number": "Error {code}, number {trace}",
        },
        "de": {
            "wrong": "Das ging nicht",
            "404": "Unter dieser Adresse ist nichts, oder es ist nicht mehr da.",
            "405": "Diese Adresse ist nur das Ziel eines Formulars. Beginnen Sie auf dessen Seite von vorn.",
            "413": "Das war zu lang, und nichts davon wurde übernommen. Gehen Sie zurück und kürzen Sie es.",
            "422": "Etwas davon ist nicht gültig; nichts wurde übernommen. Gehen Sie zurück und berichtigen Sie es.",
            "429": "Das war zu oft in kurzer Zeit. Warten Sie einen Augenblick und versuchen Sie es noch einmal.",
            "500": "Der Fehler liegt bei uns. Nennen Sie die Nummer unten, wenn Sie ihn melden.",
            "503": "Das geht gerade nicht. Nichts ist verloren; versuchen Sie es in einem Augenblick noch einmal.",
            "again": "Auf dieser Seite von vorn beginnen",
            "number": "Fehler {code}, Nummer {trace}",
        },
    }
)
_HINTS = frozenset({404, 405, 413, 422, 429, 500, 503})


def wants_page(scope: Scope) -> bool:
    """Say whether a browser asks, for something that is no operation of the API: it accepts HTML by its name."""
    return not scope["path"].startswith("/v1/") and "text/html" in (_header(scope, b"accept") or "")


def language_of(scope: Scope) -> str:
    """The language of the page: `?lang=`, else the best that the browser accepts."""
    asked = parse_qs(scope["query_string"].decode("latin-1")).get("lang", [None])
    return choose(asked[0], _header(scope, b"accept-language"))


def problem_page(scope: Scope, error: ProblemError, trace_id: str) -> bytes:
    """Write the problem as a page; one of the console has the console's bar. No value that was sent is shown."""
    language, kind = language_of(scope), error.kind
    body = f"<p>{_say(language, str(kind.status))}</p>" if kind.status in _HINTS else ""
    told = "" if error.detail is None else f"<p>{escape(error.detail)}</p>"
    # Titles, details and faults are written in English alone.
    body += f'<div lang="en"><p>{escape(kind.title)}.</p>{told}{_faults(error)}</div>'
    body += _again(scope, error, language)
    number = _WORDS.say(language, "number", code=kind.code, trace=trace_id)
    body += f'<p class="soft">{escape(number)}</p>'
    title, place = _WORDS.say(language, "wrong"), "/" + scope["path"].lstrip("/").partition("/")[0]
    if place in PLACES[1:]:
        return console_page(place, title, body, language).encode()
    return page(title, body, language=language).encode()


def _faults(error: ProblemError) -> str:
    return listed(_fault(fault) for fault in error.errors) if error.errors else ""


def _fault(fault: FieldError) -> str:
    place = fault.pointer.rpartition("/")[2].replace("~1", "/").replace("~0", "~")
    return f"<strong>{escape(place)}</strong>: {escape(fault.detail)}"


def _again(scope: Scope, error: ProblemError, language: str) -> str:
    """A link to the bare page, where it was what stood behind its `?` that was wrong."""
    if not error.errors or not all(fault.pointer.startswith("/query/") for fault in error.errors):
        return ""
    raw: bytes = scope.get("raw_path") or scope["path"].encode()
    return f'<p><a href="{escape(raw.decode("latin-1"))}?lang={language}">{_say(language, "again")}</a></p>'


def _say(language: str, key: str) -> str:
    return escape(_WORDS.say(language, key))


def _header(scope: Scope, wanted: bytes) -> str | None:
    found = [value.decode("latin-1") for name, value in scope["headers"] if name == wanted]
    return ", ".join(found) if found else None
