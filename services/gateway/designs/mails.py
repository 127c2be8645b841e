"""Mails made of blocks, as the designer has them: where they stand, and what a new one begins with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from libs.messages.compiling import LONGEST_BRAND
from libs.messages.kinds import NAME
from libs.messages.template import Template, TemplateInvalid
from libs.templates import forms
from libs.templates.postgres import Place
from services.gateway.door.problems import ProblemError

_BEGIN: Mapping[str, Mapping[str, Any]] = {
    "en": {
        "parts": {"title": "News from {{ brand }}"},
        "blocks": [
            {
                "kind": "headline",
                "text": "{% if given_name %}{{ given_name }}, here{% else %}Here{% endif %} is something new",
            },
            {"kind": "text", "text": "Write what there is to tell."},
            {"kind": "button", "text": "Have a look"},
        ],
    },
    "de": {
        "parts": {"title": "Neues von {{ brand }}"},
        "blocks": [
            {"kind": "headline", "text": "{% if given_name %}{{ given_name }}, es{% else %}Es{% endif %} gibt Neues"},
            {"kind": "text", "text": "Schreiben Sie, was es zu erzählen gibt."},
            {"kind": "button", "text": "Ansehen"},
        ],
    },
}


def named(place: Place) -> str:
    """The name of a mail's draft."""
    return f"{place.name}/{place.language}/{place.channel}/{place.brand}"


def place_named(name: str) -> Place:
    """Where a mail stands by the name of its draft.

    Raises:
        ProblemError: it is no such name.
    """
    parts = name.split("/", 3)
    if len(parts) != 4 or parts[2] != "email" or not NAME.fullmatch(parts[0]) or len(parts[3]) > LONGEST_BRAND:
        raise ProblemError("request-invalid", "A mail is named message/language/email/brand.")
    return Place(parts[0], parts[3], parts[1][:35], "email")


def begun(place: Place, taken: Template | None) -> dict[str, Any]:
    """Return what the form of a mail begins with: the one in force, where it is made of blocks."""
    if taken is not None and taken.blocks:
        return forms.told(taken)
    begin = _BEGIN.get(place.language.partition("-")[0], _BEGIN["en"])
    variables = {} if taken is None else forms.told(taken).get("variables", {})
    told = {"name": place.name, "language": place.language, "channel": "email", "brand": place.brand, **begin}
    return {**told, **({"variables": variables} if variables else {})}


def read(place: Place, document: Mapping[str, Any]) -> Template:
    """Read a mail that stands in a form; where it stands is not the form's to say.

    Raises:
        TemplateInvalid: it has not the form of one.
    """
    told = {**document, "name": place.name, "language": place.language, "channel": "email", "brand": place.brand}
    return forms.read(told)


def declared_of(place: Place, document: Mapping[str, Any]) -> Template:
    """Return a mail only for what it may tell."""
    try:
        return read(place, document)
    except TemplateInvalid:
        return Template(place.name, place.language, "email", {}, place.brand)
