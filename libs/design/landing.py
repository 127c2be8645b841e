"""A landing page as somebody designs it: blocks in every language, when it is open, and what may be filled in. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Literal

from libs.design import blocks
from libs.design.blocks import Block
from libs.design.faults import DesignInvalid, Fault
from libs.design.style import Texts, text_in
from libs.design.style_forms import DIGEST, GAP, LANGUAGE, PROMOTION

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
"""What a page is called in its address."""
MOST_LANGUAGES = 20
LONGEST: Mapping[str, int] = {"title": 120, "description": 300, "consent": 1_000, "button": 80, "thanks": 1_000}
_FIELDS = ("brand", "promotion", "opens_at", "closes_at", "picture", "texts", "form")
_OF_TEXT = ("title", "description", "blocks")
_OF_FORM = ("asks", "consent", "button", "thanks")
Asked = Literal["given_name", "family_name"]
ASKED: tuple[Asked, ...] = ("given_name", "family_name")
SAMPLE: Mapping[str, Any] = {
    "promotion": "spring_sale",
    "opens_at": "2026-03-01T00:00:00+01:00",
    "texts": {
        "en": {
            "title": "Double points this spring",
            "description": "Join now, and every bag of coffee counts twice.",
            "blocks": [
                {"kind": "headline", "text": "Twice the points on coffee"},
                {"kind": "points", "text": "500", "alt": "points for joining"},
                {"kind": "button", "text": "Join now"},
            ],
        }
    },
    "form": {"asks": ["given_name"], "consent": {"en": "Yes, write to me about offers by e-mail."}},
}


@dataclass(frozen=True, slots=True)
class PageText:
    """What a page says in one language."""

    title: str
    description: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Form:
    """What somebody who joins fills in, beside their mail address. `consent` is asked for by a box of its own."""

    asks: tuple[Asked, ...] = ()
    consent: Texts = ()
    button: Texts = ()
    thanks: Texts = ()

    def consent_version(self, language: str) -> str:
        """The version of the text that is agreed to: another wording is another version."""
        return "page-" + sha256(text_in(self.consent, language).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Page:
    """A landing page. It is seen from `opens_at` and until `closes_at`, where they are told."""

    texts: Mapping[str, PageText]
    brand: str = ""
    promotion: str = ""
    opens_at: datetime | None = None
    closes_at: datetime | None = None
    picture: str | None = None
    form: Form | None = None

    def open_at(self, now: datetime) -> bool:
        """Whether anybody may see it."""
        return (self.opens_at is None or self.opens_at <= now) and (self.closes_at is None or now < self.closes_at)

    def language(self, wanted: str) -> str:
        """The language of the page for a reader of another: that one, English, or the first there is."""
        for tag in (wanted, wanted.partition("-")[0], "en"):
            if tag in self.texts:
                return tag
        return next(iter(self.texts))


def told(page: Page) -> dict[str, Any]:
    """Return a page as JSON has it; what says nothing is left out."""
    form = page.form
    whole: dict[str, Any] = {
        "brand": page.brand,
        "promotion": page.promotion,
        "opens_at": None if page.opens_at is None else _instant(page.opens_at),
        "closes_at": None if page.closes_at is None else _instant(page.closes_at),
        "picture": page.picture,
        "texts": {
            tag: {"title": each.title, "description": each.description, "blocks": blocks.told(each.blocks)}
            for tag, each in page.texts.items()
        },
        "form": None if form is None else _told_form(form),
    }
    return {name: value for name, value in whole.items() if value not in ("", None)}


def read(document: object) -> Page:
    """Read a page from JSON.

    Raises:
        DesignInvalid: with every fault that was found.
    """
    if not isinstance(document, Mapping):
        raise DesignInvalid((Fault("document", "it is no object"),))
    faults = list(_unknown(document, _FIELDS, ""))
    texts = document.get("texts")
    if not isinstance(texts, Mapping) or not texts or len(texts) > MOST_LANGUAGES:
        faults.append(Fault("texts", "what it says, by language: {en: {title: …, description: …, blocks: […]}}"))
        texts = {}
    said = {str(tag): _text(tag, each, faults) for tag, each in texts.items()}
    opens, closes = (_moment(document.get(name), name, faults) for name in ("opens_at", "closes_at"))
    if opens is not None and closes is not None and closes <= opens:
        faults.append(Fault("closes_at", "it ends before it begins"))
    picture = document.get("picture")
    if picture is not None and not (isinstance(picture, str) and DIGEST.fullmatch(picture)):
        faults.append(Fault("picture", "it is no picture of the media store"))
    brand, promotion = document.get("brand", ""), document.get("promotion", "")
    if not isinstance(brand, str) or len(brand) > 64:
        faults.append(Fault("brand", "it is a name of at most 64 characters"))
    if not isinstance(promotion, str) or (promotion and not PROMOTION.fullmatch(promotion)):
        faults.append(Fault("promotion", "it is no name such as spring_sale"))
    form = _form(document.get("form"), faults)
    if faults:
        raise DesignInvalid(tuple(faults))
    return Page(said, brand, promotion, opens, closes, picture, form)


def _text(tag: object, given: object, faults: list[Fault]) -> PageText:
    where = f"texts.{tag}"
    if not isinstance(tag, str) or not LANGUAGE.fullmatch(tag):
        faults.append(Fault(where, "it is no language, written like de or pt-BR"))
    if not isinstance(given, Mapping):
        faults.append(Fault(where, "an object of title, description and blocks is needed"))
        return PageText("", "", ())
    faults += _unknown(given, _OF_TEXT, f"{where}.")
    title = _words(given.get("title"), f"{where}.title", LONGEST["title"], faults)
    description = given.get("description", "")
    if description:
        description = _words(description, f"{where}.description", LONGEST["description"], faults)
    made_of = blocks.read(given.get("blocks", []), f"{where}.blocks", faults)
    faults += blocks.faults_of(made_of, f"{where}.blocks")
    for number, each in enumerate(made_of):
        at = f"{where}.blocks.{number}"
        if any(GAP.search(getattr(each, name)) for name in blocks.FIELDS):
            faults.append(Fault(at, "a page says the same to everybody, without {{ }}"))
        if each.kind == "points" and not each.text:
            faults.append(Fault(f"{at}.text", "on a page points are a figure, such as 500"))
    return PageText(title, str(description or ""), made_of)


def _form(given: object, faults: list[Fault]) -> Form | None:
    if given is None:
        return None
    if not isinstance(given, Mapping):
        faults.append(Fault("form", "it is no object"))
        return None
    faults += _unknown(given, _OF_FORM, "form.")
    asks = given.get("asks", [])
    if not isinstance(asks, list | tuple) or any(each not in ASKED for each in asks):
        faults.append(Fault("form.asks", f"a list of {' and '.join(ASKED)} is needed"))
        asks = []
    texts = {name: _by_language(given.get(name), f"form.{name}", faults) for name in ("consent", "button", "thanks")}
    return Form(tuple(each for each in ASKED if each in asks), **texts)


def _by_language(given: object, where: str, faults: list[Fault]) -> Texts:
    if given is None:
        return ()
    if not isinstance(given, Mapping) or len(given) > MOST_LANGUAGES:
        faults.append(Fault(where, "texts by language are needed, such as {en: …, de: …}"))
        return ()
    longest = LONGEST[where.rpartition(".")[2]]
    return tuple(sorted((str(tag), _words(text, f"{where}.{tag}", longest, faults)) for tag, text in given.items()))


def _words(value: object, where: str, longest: int, faults: list[Fault]) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > longest:
        faults.append(Fault(where, f"a text of at most {longest:,} characters is needed"))
        return ""
    return value.strip()


def _moment(value: object, where: str, faults: list[Fault]) -> datetime | None:
    if value is None:
        return None
    try:
        found = datetime.fromisoformat(str(value))
        instant = None if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):  # an offset leads out of the years that there are
        instant = None
    if instant is None:
        faults.append(Fault(where, "an instant with its offset is needed, such as 2026-03-01T00:00:00+01:00"))
    return instant


def _told_form(form: Form) -> dict[str, Any]:
    texts = {name: dict(found) for name in ("consent", "button", "thanks") if (found := getattr(form, name))}
    return {**({"asks": list(form.asks)} if form.asks else {}), **texts}


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _unknown(given: Mapping[Any, Any], names: tuple[str, ...], where: str) -> Iterator[Fault]:
    for name in given:
        if name not in names:
            yield Fault(f"{where}{name}", f"no such field; there are {', '.join(names)}")
