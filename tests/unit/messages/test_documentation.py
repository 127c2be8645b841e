"""The templates that docs/messages.md shows are good ones."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from libs.messages import samples
from libs.messages.compiling import compiled
from libs.messages.rendering import ready, render
from libs.templates import forms

PAGE = Path(__file__).parents[3] / "docs/messages.md"
SHOWN = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


@pytest.mark.parametrize("text", SHOWN)
def test_what_is_shown_can_be_published(text: str) -> None:
    template = forms.read(yaml.safe_load(text))
    declared = template.declared()
    assert render(ready(compiled(template), declared), samples.full(declared)).text


def test_there_are_some() -> None:
    assert len(SHOWN) == 2
