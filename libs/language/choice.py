"""Which language a reader is spoken to in."""

from __future__ import annotations

from libs.language.catalogue import DEFAULT, LANGUAGES

_MOST = 20


def choose(wanted: str | None, accepted: str | None) -> str:
    """Choose a language: the one that was asked for, else the best of an `Accept-Language`, else the first.

    Of a tag such as `de-AT` the language counts. What can't be read is passed over.
    """
    if wanted is not None and (spoken := _spoken(wanted)) is not None:
        return spoken
    ranked = sorted(_ranges(accepted or ""), key=lambda pair: -pair[1])
    for tag, quality in ranked:
        if quality > 0 and (spoken := DEFAULT if tag == "*" else _spoken(tag)) is not None:
            return spoken
    return DEFAULT


def _spoken(tag: str) -> str | None:
    language = tag.strip().lower().partition("-")[0]
    return language if language in LANGUAGES else None


def _ranges(header: str) -> list[tuple[str, float]]:
    found = []
    for part in header.split(",")[:_MOST]:
        tag, _, parameter = part.partition(";")
        name, _, value = parameter.strip().partition("=")
        try:
            quality = float(value) if name.strip() == "q" else 1.0
        except ValueError:
            continue
        if tag.strip():
            found.append((tag.strip(), quality))
    return found
