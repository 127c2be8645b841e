"""Fields of forms, as HTML; and reading what a browser posts. Texts are escaped here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from urllib.parse import parse_qsl

from fastapi import Request

from services.gateway.door.problems import ProblemError

MOST_BYTES = 256 * 1_024
MOST_FIELDS = 2_000


def select(
    name: str, label: str, options: Iterable[tuple[str, str]], chosen: str, *, faults: Sequence[str] = ()
) -> str:
    """A choice; options are values and their texts."""
    inner = "".join(
        f'<option value="{escape(value)}"{" selected" if value == chosen else ""}>{escape(text)}</option>'
        for value, text in options
    )
    marks, told = faults_of_field(name, faults)
    return (
        f'<div class="field"><label for="{escape(name)}">{escape(label)}</label>'
        f'<select id="{escape(name)}" name="{escape(name)}"{marks}>{inner}</select>{told}</div>'
    )


def text(name: str, label: str, value: str, *, how: str = "", hint: str = "", faults: Sequence[str] = ()) -> str:
    """A line of text; `how` are further attributes as HTML."""
    marks, told = faults_of_field(name, faults)
    soft = f' <span class="soft">{escape(hint)}</span>' if hint else ""
    return (
        f'<div class="field"><label for="{escape(name)}">{escape(label)}{soft}</label>'
        f'<input id="{escape(name)}" name="{escape(name)}" value="{escape(value)}" autocomplete="off" {how}{marks}>'
        f"{told}</div>"
    )


def area(name: str, label: str, value: str, lines: int, *, faults: Sequence[str] = ()) -> str:
    """Several lines of text."""
    marks, told = faults_of_field(name, faults)
    return (
        f'<div class="field"><label for="{escape(name)}">{escape(label)}</label>'
        f'<textarea id="{escape(name)}" name="{escape(name)}" rows="{lines}" spellcheck="false"{marks}>'
        f"\n{escape(value)}</textarea>{told}</div>"
    )


def checks(
    name: str, label: str, options: Iterable[tuple[str, str]], chosen: Sequence[str], *, faults: Sequence[str] = ()
) -> str:
    """Several choices; an empty one goes along, so that none at all is told from a field that was not sent."""
    boxes = "".join(
        f'<label class="check"><input type="checkbox" name="{escape(name)}" value="{escape(value)}"'
        f"{' checked' if value in chosen else ''}> {escape(told)}</label>"
        for value, told in options
    )
    _, wrong = faults_of_field(name, faults)
    return f'<fieldset class="field checks"><legend>{escape(label)}</legend>{hidden(name, "")}{boxes}{wrong}</fieldset>'


def hidden(name: str, value: str) -> str:
    """A value that the page carries along."""
    return f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'


def button(value: str, label: str) -> str:
    """What to do with the form."""
    return f'<button name="do" value="{escape(value)}">{escape(label)}</button>'


async def posted(request: Request) -> dict[str, list[str]]:
    """Read a form: its fields, each with all its values.

    Raises:
        ProblemError: it is too large, or no form in UTF-8.
    """
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            raise ProblemError("body-too-large")
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict")
    except ValueError:  # also what is no UTF-8
        raise ProblemError("request-invalid", "A form in UTF-8 is expected.") from None
    fields: dict[str, list[str]] = {}
    for name, value in pairs:
        fields.setdefault(name, []).append(value)
    return fields


def faults_of_field(name: str, faults: Sequence[str]) -> tuple[str, str]:
    """What a field says of its faults: attributes of its own, and HTML that stands below it."""
    if not faults:
        return "", ""
    told = f'<p class="bad" id="{escape(name)}-fault">▲ {escape("; ".join(faults))}</p>'
    return f' aria-invalid="true" aria-describedby="{escape(name)}-fault"', told
