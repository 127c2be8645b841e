"""Templates as JSON has them."""

from __future__ import annotations

from typing import Any

import pytest

from libs.messages.shipped.templates import all_shipped
from libs.messages.template import Template, TemplateInvalid
from libs.messages.values import Variable
from libs.templates import forms


def test_what_is_written_is_read_back() -> None:
    variables = {"shop": Variable("text"), "closes": Variable("day", optional=True)}
    own = Template("spring", "pt-BR", "email", {"title": "a", "html": "b"}, "Outlet", "profiling", variables)
    for template in (own, *all_shipped()):
        assert forms.read(forms.told(template)) == template


@pytest.mark.parametrize(
    ("document", "fault"),
    [
        ([], "document: it is no object"),
        ({}, "name: a text is needed"),
        ({"nmae": "x"}, "nmae: no such field"),
        ({"channel": "pigeon"}, "channel: it is none of email"),
        ({"purpose": "fun"}, "purpose: it is none of service"),
        ({"brand": 1}, "brand: it is no text"),
        ({"parts": {"text": 1}}, "parts: an object of texts is needed"),
        ({"variables": []}, "variables: it is no object"),
        ({"variables": {"a": "colour"}}, "variables.a: its type is none of text"),
        ({"variables": {"a": {"type": "text", "default": 1}}}, "variables.a: write its type"),
    ],
)
def test_a_fault_is_named(document: Any, fault: str) -> None:
    with pytest.raises(TemplateInvalid) as refused:
        forms.read(document)
    assert any(str(found).startswith(fault) for found in refused.value.faults)
