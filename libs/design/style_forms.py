"""Styles as JSON has them, and what is wrong with one: an unreadable colour is refused, and said which. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from libs.design.contrast import COLOUR, LEAST, contrast, luminance
from libs.design.faults import DesignInvalid, Fault
from libs.design.style import FONTS, MOST_RADIUS, Adaptation, Brand, Look, Texts

GAP = re.compile(r"\{[{%#]")
DIGEST = re.compile(r"[0-9a-f]{64}")
LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|\d{3}))?")
PROMOTION = re.compile(r"[a-z][a-z0-9_-]{0,62}")
MOST_PROMOTIONS, MOST_LANGUAGES = 200, 20
LONGEST_LEGAL, LONGEST_HEADLINE = 2_000, 120

_COLOURS = ("accent", "on_accent", "ink", "soft", "card", "page")
_FIELDS = (*_COLOURS, "font", "radius", "logo", "legal", "promotions")
_ADAPTED = ("accent", "on_accent", "picture", "headline")
_LIGHT = 0.7
_READ_ON = (("on_accent", "accent"), ("ink", "card"), ("ink", "page"), ("soft", "card"), ("soft", "page"))


def told(brand: Brand) -> dict[str, Any]:
    """Return a style as JSON has it."""
    look = {name: getattr(brand.look, name) for name in (*_COLOURS, "font", "radius", "logo")}
    return {
        **{name: value for name, value in look.items() if value is not None},
        "legal": dict(brand.look.legal),
        "promotions": {name: _told_adaptation(each) for name, each in brand.promotions.items()},
    }


def read(document: object) -> Brand:
    """Read a style from JSON; what it leaves out is as shipped.

    Raises:
        DesignInvalid: with every fault that was found.
    """
    if not isinstance(document, Mapping):
        raise DesignInvalid((Fault("document", "it is no object"),))
    faults = list(_unknown(document, _FIELDS, ""))
    values: dict[str, Any] = {}
    for name in _COLOURS:
        values[name] = _colour(document.get(name), name, faults)
    values["font"] = _font(document.get("font"), faults)
    values["radius"] = _radius(document.get("radius"), faults)
    values["logo"] = _digest(document.get("logo"), "logo", faults)
    values["legal"] = _texts(document.get("legal"), "legal", LONGEST_LEGAL, faults)
    look = replace(Look(), **{name: value for name, value in values.items() if value is not None})
    promotions = _promotions(document.get("promotions"), faults)
    brand = Brand(look, promotions)
    if not faults:
        faults += _unreadable(look, "")
        for name in promotions:
            faults += _unreadable(brand.look_of(name), f"promotions.{name}.")
    if faults:
        raise DesignInvalid(tuple(dict.fromkeys(faults)))
    return brand


def _told_adaptation(each: Adaptation) -> dict[str, Any]:
    said = {name: getattr(each, name) for name in ("accent", "on_accent", "picture") if getattr(each, name)}
    return {**said, **({"headline": dict(each.headline)} if each.headline else {})}


def _unreadable(look: Look, where: str) -> Iterator[Fault]:
    for ground in ("card", "page"):
        if luminance(getattr(look, ground)) < _LIGHT:
            reason = "it is a light colour, for in the dark there is a palette of its own"
            yield Fault(ground, reason)
    for text, ground in _READ_ON:
        found = contrast(getattr(look, text), getattr(look, ground))
        if found < LEAST:
            told = f"{getattr(look, text)} on {getattr(look, ground)} ({ground}) has a contrast of {found:.1f}"
            yield Fault(f"{where}{text}", f"{told}, and to be read it takes {LEAST} (WCAG AA)")


def _promotions(given: object, faults: list[Fault]) -> dict[str, Adaptation]:
    if given is None:
        return {}
    if not isinstance(given, Mapping) or len(given) > MOST_PROMOTIONS:
        faults.append(Fault("promotions", f"an object of at most {MOST_PROMOTIONS} is needed, by name"))
        return {}
    found = {}
    for name, each in given.items():
        where = f"promotions.{name}"
        if not isinstance(name, str) or not PROMOTION.fullmatch(name):
            faults.append(Fault(where, "it is no name such as spring_sale"))
        elif not isinstance(each, Mapping):
            faults.append(Fault(where, "it is no object"))
        else:
            faults += _unknown(each, _ADAPTED, f"{where}.")
            found[name] = Adaptation(
                _colour(each.get("accent"), f"{where}.accent", faults),
                _colour(each.get("on_accent"), f"{where}.on_accent", faults),
                _digest(each.get("picture"), f"{where}.picture", faults),
                _texts(each.get("headline"), f"{where}.headline", LONGEST_HEADLINE, faults),
            )
    return found


def _unknown(given: Mapping[Any, Any], names: tuple[str, ...], where: str) -> Iterator[Fault]:
    for name in given:
        if name not in names:
            yield Fault(f"{where}{name}", f"no such field; there are {', '.join(names)}")


def _colour(value: object, where: str, faults: list[Fault]) -> str | None:
    if value is None:
        return None
    if isinstance(value, str) and COLOUR.fullmatch(value.lower()):
        return value.lower()
    faults.append(Fault(where, "a colour is written #rrggbb, such as #0f5c4d"))
    return None


def _font(value: object, faults: list[Fault]) -> str | None:
    if value is None or (isinstance(value, str) and value in FONTS):
        return value
    faults.append(Fault("font", f"it is none of {', '.join(FONTS)}"))
    return None


def _radius(value: object, faults: list[Fault]) -> int | None:
    if value is None or (type(value) is int and 0 <= value <= MOST_RADIUS):
        return value
    faults.append(Fault("radius", f"it is a whole number of pixels from 0 to {MOST_RADIUS}"))
    return None


def _digest(value: object, where: str, faults: list[Fault]) -> str | None:
    if value is None or (isinstance(value, str) and DIGEST.fullmatch(value)):
        return value
    faults.append(Fault(where, "it is no picture of the media store: the 64 characters of its name are"))
    return None


def _texts(value: object, where: str, longest: int, faults: list[Fault]) -> Texts:
    if value is None:
        return ()
    if not isinstance(value, Mapping) or len(value) > MOST_LANGUAGES:
        faults.append(Fault(where, "texts by language are needed, such as {en: …, de: …}"))
        return ()
    for tag, text in value.items():
        if not isinstance(tag, str) or not LANGUAGE.fullmatch(tag):
            faults.append(Fault(f"{where}.{tag}", "it is no language, written like de or pt-BR"))
        elif not isinstance(text, str) or not text.strip() or len(text) > longest:
            faults.append(Fault(f"{where}.{tag}", f"a text of at most {longest:,} characters is needed"))
        elif GAP.search(text):
            faults.append(Fault(f"{where}.{tag}", "it is the same for everybody, without {{ }}"))
    return tuple(sorted((str(tag), str(text).strip()) for tag, text in value.items()))
