"""What the member's own page asks with an order is what its kind asks for, whichever of the sixteen it is."""

from __future__ import annotations

import re
from typing import Any

import pytest

from libs.catalogue.kinds.registry import KINDS
from libs.catalogue.placing import Answered, answered
from services.gateway.mine.asking import answers_of, field, questions, said
from tests.support.rewards import WHAT, reward_of


def fields_for(wanted: dict[str, Any]) -> dict[str, str]:
    """What somebody writes into the form who wants this."""
    fields: dict[str, str] = {}
    for name, value in wanted.items():
        if isinstance(value, dict):
            fields |= {f"{name}.{option}": one for option, one in value.items()}
        else:
            fields[name] = ", ".join(value) if isinstance(value, list) else value
    return fields


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("kind", sorted(WHAT))
def test_each_kind_can_be_ordered_by_its_form(kind: str, language: str) -> None:
    reward, wanted = reward_of(kind), WHAT[kind][1]
    asked = questions(KINDS[kind].asked.model_json_schema(), reward.what, language)
    shown = "".join(field(each) for each in asked)
    assert set(re.findall(r'name="([^"]+)"', shown)) >= fields_for(wanted).keys()
    answers = answers_of(asked, {**fields_for(wanted), "key": "k", "other": "1"})
    assert answers == wanted
    assert isinstance(answered(reward, answers), Answered)
    assert said(answers, language).count("<dt>") == len(fields_for(wanted))


def test_what_can_not_be_answered_is_not_asked() -> None:
    plain = reward_of("merchandise", what={"kind": "merchandise", "article": "A1"})
    asked = questions(KINDS["merchandise"].asked.model_json_schema(), plain.what, "en")
    assert [each.name for each in asked] == ["pick_up_at", "address"]
    wordless = reward_of("customised", what={"kind": "customised", "article": "P1", "options": {"ink": ["blue"]}})
    asked = questions(KINDS["customised"].asked.model_json_schema(), wordless.what, "en")
    assert [each.name for each in asked] == ["pick_up_at", "address", "choices.ink"]


def test_lists_are_written_with_commas_and_what_was_left_empty_is_no_answer() -> None:
    asked = questions(KINDS["travel"].asked.model_json_schema(), reward_of("travel").what, "en")
    written = {"on": " 2024-06-01 ", "travellers": "Ada, Ben,,", "other": "x"}
    assert answers_of(asked, written) == {"on": "2024-06-01", "travellers": ["Ada", "Ben"]}
    assert answers_of(asked, {"on": "  "}) == {}


def test_what_was_written_stays_and_is_no_markup() -> None:
    asked = questions(KINDS["customised"].asked.model_json_schema(), reward_of("customised").what, "en")
    by_name = {each.name: each for each in asked}
    assert 'value="&lt;b&gt;"' in field(by_name["words"], "<b>")
    assert '<option value="black" selected>' in field(by_name["choices.colour"], "black")
    assert said({"words": "<b>"}, "en") == "<dl><dt>Your words on it</dt><dd>&lt;b&gt;</dd></dl>"
    assert said({}, "en") == ""
