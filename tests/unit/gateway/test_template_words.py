"""What the pages of templates say, in every language."""

from __future__ import annotations

from services.gateway.templates.words import TEMPLATES


def test_every_language_has_every_text() -> None:
    assert TEMPLATES.faults() == []
