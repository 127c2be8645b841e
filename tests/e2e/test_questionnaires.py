"""A company asks its members, a member answers on their own page, and the answers are their profile."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import pytest

from tests.support.running import Platform, eventually

NAME = "pets-of-ours"
ASKED = {
    "title": {"en": "Who lives with you?"},
    "questions": [
        {
            "name": "pet",
            "kind": "one",
            "texts": {"en": "A pet?"},
            "attribute": "pet",
            "options": [
                {"value": "dog", "texts": {"en": "A dog"}},
                {"value": "cat", "texts": {"en": "A cat"}},
            ],
        }
    ],
    "activity": "pet-told",
}


@pytest.mark.feature("COM-44")
async def test_an_answer_is_paid_for_and_puts_its_member_into_a_segment(platform: Platform, tmp_path: Path) -> None:
    shop, whose = platform.club, ("--tenant", platform.club.slug)
    await platform.publish([shop.enrolment("dog-owner", tier=None)])
    await shop.enrolled("dog-owner")
    member = f"/v1/members/{shop.member_id('dog-owner')}"
    file = tmp_path / "pets.json"
    file.write_text(json.dumps(ASKED))
    platform.run("questionnaires", "put", NAME, file, *whose)

    def waiting() -> list[str]:
        return [each["name"] for each in shop.get(f"{member}/questionnaires")["data"]]

    assert waiting() == [], "nobody is asked for a profile who did not agree to one"
    word = {"purpose": "profiling", "channel": "email", "given": True, "source": "counter"}
    agreed = shop.http.post(f"{member}/consents", json={"consents": [word]})
    assert agreed.is_success, agreed.text
    assert NAME in waiting()

    link = shop.http.post(f"{member}/pages").json()["path"]
    async with httpx.AsyncClient(base_url=shop.http.base_url, trust_env=False, timeout=60) as anybody:
        form = f"{link}/questions/{NAME}?lang=en"
        assert form.replace("&", "&amp;") in (await anybody.get(f"{link}?lang=en")).text
        assert "A pet?" in (await anybody.get(form)).text
        assert 'role="status"' in (await anybody.post(form, data={"pet": "dog"})).text
    await eventually(lambda: shop.balance("dog-owner") == 45, "the answer is paid for")
    await eventually(lambda: "dog-people" in shop.member("dog-owner")["segments"], "the answer is known of the member")
    assert NAME not in waiting()
    again = shop.http.post(f"{member}/questionnaires/{NAME}", json={"answers": {"pet": "cat"}})
    assert again.json()["code"] == "questionnaire-filled"
    counted = platform.run("questionnaires", "figures", NAME, *whose)
    assert counted == shop.get(f"/v1/questionnaires/{NAME}/figures")
    assert (counted["answered"], {each["answer"] for each in counted["answers"] if each["count"]}) == (1, {"dog"})
