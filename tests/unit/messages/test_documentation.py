"""The templates, messages to many and posts that docs/messages.md shows are good ones."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from libs.mass.wanted import wanted_of
from libs.messages import samples
from libs.messages.compiling import compiled
from libs.messages.rendering import ready, render
from libs.posts.wanted import post_of
from libs.templates import forms

PAGE = Path(__file__).parents[3] / "docs/messages.md"
BLOCKS = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
SHOWN = [text for text in BLOCKS if "parts:" in text]
MAILINGS = [text for text in BLOCKS if "channels:" in text]
POSTS = [text for text in BLOCKS if "pages:" in text]


@pytest.mark.parametrize("text", SHOWN)
def test_what_is_shown_can_be_published(text: str) -> None:
    template = forms.read(yaml.safe_load(text))
    declared = template.declared()
    assert render(ready(compiled(template), declared), samples.full(declared)).text


def test_there_are_some() -> None:
    assert len(SHOWN) == 2
    assert [wanted_of(yaml.safe_load(text)).name for text in MAILINGS] == ["Spring, first wave"]
    assert [post_of(yaml.safe_load(text)).name for text in POSTS] == ["Spring, the fan page"]
