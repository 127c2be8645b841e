"""Posts on a page: the requests as the Graph API has them, and that nothing is published twice."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from pydantic import ValidationError

from libs.messages.provider_settings import FacebookSettings, read_settings
from libs.messages.providers import shown
from services.notifier.channels.channel import Handed, Letter, Outcome, Postponed, Refused
from services.notifier.channels.facebook import MOST_PAGES, PICTURE, SINCE, FacebookChannel
from tests.support.receivers import Answer, Heard, cut_off, hang, in_pieces, peer, says
from tests.unit.notifier.test_channels import CONTENT, LINE, SECRET, graph, letter, said

TAKEN = said({"id": "1_2"})
PAGE = {"name": "club", "page": "1", "token": SECRET, "language": "de"}
PLAIN = replace(letter("club"), data=())


async def published(mine: Letter, *answers: Answer, **settings: Any) -> tuple[list[Heard], Outcome]:
    """Publish one, and return what the network was asked for."""
    async with peer(*answers) as network:
        document = {"kind": "facebook", "url": network.url, "version": "v23.0", "pages": [PAGE], **settings}
        channel = FacebookChannel(FacebookSettings.model_validate(document), LINE)
        (outcome,) = await channel.send([mine])
        await channel.close()
    return network.heard, outcome


def form(heard: Heard) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(heard.body.decode()).items()}


async def test_words_and_a_link_go_to_the_feed_of_the_page() -> None:
    (asked,), outcome = await published(PLAIN, TAKEN)
    assert (asked.method, asked.path) == ("POST", "/v23.0/1/feed")
    assert form(asked) == {"message": CONTENT.text, "link": CONTENT.link, "access_token": SECRET}
    assert outcome == Handed("1_2")


async def test_a_picture_goes_to_the_photos_with_the_link_below_the_words() -> None:
    mine = replace(PLAIN, data=((PICTURE, "https://club.example/media/ab"),))
    (asked,), outcome = await published(mine, said({"id": "7", "post_id": "1_7"}), app_secret="hidden")
    assert asked.path == "/v23.0/1/photos"
    told = form(asked)
    assert told["url"] == "https://club.example/media/ab"
    assert told["message"] == f"{CONTENT.text}\n\n{CONTENT.link}"
    assert "link" not in told
    assert told["appsecret_proof"] == hmac.new(b"hidden", SECRET.encode(), hashlib.sha256).hexdigest()
    assert outcome == Handed("1_7")


@pytest.mark.parametrize("known", [True, False])
async def test_whoever_tries_again_looks_first_whether_it_is_there(known: bool) -> None:
    mine = replace(PLAIN, data=((SINCE, "1711267200"),))
    there = {"id": "1_9", "message": CONTENT.text}
    others = [{"id": "1_8", "message": "Something else"}, {"id": "1_6"}]
    asked, outcome = await published(mine, said({"data": [*others, *[there] * known]}), TAKEN)
    where = urlsplit(asked[0].path)
    assert (asked[0].method, where.path) == ("GET", "/v23.0/1/posts")
    assert parse_qs(where.query)["since"] == ["1711267200"]
    assert [each.method for each in asked] == (["GET"] if known else ["GET", "POST"])
    assert outcome == Handed("1_9" if known else "1_2")


async def test_what_comes_in_pieces_is_read_to_its_end_before_it_is_looked_at() -> None:
    there = json.dumps({"data": [{"id": "1_8", "message": "x" * 200}, {"id": "1_9", "message": CONTENT.text}]})
    asked, outcome = await published(replace(PLAIN, data=((SINCE, "1711267200"),)), in_pieces(200, there), TAKEN)
    assert ([each.method for each in asked], outcome) == (["GET"], Handed("1_9"))


def listed(*ids: int, text: str = "Something else", **paging: Any) -> Answer:
    """A page of a list of posts."""
    return said({"data": [{"id": f"1_{each}", "message": text} for each in ids], "paging": paging})


TOLD: list[tuple[dict[str, Any], dict[str, list[str]]]] = [
    ({"cursors": {"before": "A", "after": "B="}, "next": "https://graph.example/v23.0/1/posts?limit=25&after=B%3D"},
     {"after": ["B="]}),
    ({"previous": "https://graph.example/1/posts?since=9", "next":
      "https://graph.example/v23.0/1/posts?access_token=other&since=1&limit=25&until=1711260000&__paging_token=enc_A"},
     {"until": ["1711260000"], "__paging_token": ["enc_A"]}),
    ({"cursors": {"before": "A", "after": "B"}, "next": "https://graph.example/"}, {"after": ["B"]}),
]  # fmt: skip


@pytest.mark.parametrize(("paging", "asks"), TOLD)
async def test_all_pages_of_a_list_are_looked_at(paging: dict[str, Any], asks: dict[str, list[str]]) -> None:
    """A page of it may be empty and go on all the same; each is asked for where the first was, with our own token."""
    answers = (listed(*range(10, 35), **paging), listed(**paging), listed(9, text=CONTENT.text))
    asked, outcome = await published(replace(PLAIN, data=((SINCE, "1711267200"),)), *answers, TAKEN)
    assert ([each.method for each in asked], outcome) == (["GET"] * 3, Handed("1_9"))
    first, *more = [urlsplit(each.path) for each in asked]
    assert {each.path for each in (first, *more)} == {"/v23.0/1/posts"}
    for each in more:
        assert parse_qs(each.query) == parse_qs(first.query) | asks


async def test_after_the_last_page_it_is_written() -> None:
    """The last page has cursors too, and nothing that is next."""
    last = listed(3, cursors={"before": "A", "after": "B"}, previous="https://graph.example/1/posts?before=A")
    answers = (listed(4, next="https://graph.example/1/posts?after=C"), last, TAKEN)
    asked, outcome = await published(replace(PLAIN, data=((SINCE, "1711267200"),)), *answers)
    assert ([each.method for each in asked], outcome) == (["GET", "GET", "POST"], Handed("1_2"))


ENDLESS = [
    [listed(4, next="https://graph.example/1/posts?after=C")] * (MOST_PAGES + 1),
    [listed(4, next="https://graph.example/1/posts")],
    [listed(4, next=7)],
    [listed(4, next="https://graph.example/1/posts?after=C"), says(503)],
]


@pytest.mark.parametrize("answers", ENDLESS)
async def test_a_list_that_is_not_seen_to_its_end_lets_nothing_be_written(answers: list[Answer]) -> None:
    asked, outcome = await published(replace(PLAIN, data=((SINCE, "1711267200"),)), *answers)
    assert {each.method for each in asked} == {"GET"}
    assert len(asked) <= MOST_PAGES
    assert isinstance(outcome, Postponed)


NO_LIST = [in_pieces(200, '{"data": []}', whole=False), says(200, "<html>"), said({}), said([])]


@pytest.mark.parametrize("answer", [hang, cut_off, says(503), graph(4), graph(190, 401), *NO_LIST])
async def test_nothing_is_written_while_nobody_knows_whether_it_is_there(answer: Answer) -> None:
    asked, outcome = await published(replace(PLAIN, data=((SINCE, "1711267200"),)), answer)
    assert {each.method for each in asked} == {"GET"}
    assert isinstance(outcome, Postponed)


async def test_a_limit_says_when_it_is_over() -> None:
    usage = json.dumps({"1": [{"type": "pages", "estimated_time_to_regain_access": 19}]})
    _, outcome = await published(PLAIN, graph(32, X_Business_Use_Case_Usage=usage))
    assert isinstance(outcome, Postponed)
    assert outcome.after == timedelta(minutes=19)
    _, outcome = await published(PLAIN, graph(32, X_Business_Use_Case_Usage="soon"))
    assert outcome == Postponed("provider-busy", "code 32", provider_wide=True)


async def test_a_page_that_is_not_set_is_asked_for_nothing() -> None:
    asked, outcome = await published(replace(PLAIN, address="other"), TAKEN)
    assert (asked, outcome) == ([], Refused("address-unknown", "no page of this name is set"))


def test_settings_name_each_page_once_and_show_no_token() -> None:
    document = {"kind": "facebook", "pages": [PAGE], "app_secret": "of-the-app-0123456789"}
    assert read_settings("social", document) == FacebookSettings.model_validate(document)
    assert SECRET not in str(shown(document))
    assert "0123456789" not in str(shown(document))
    assert shown(document)["pages"][0]["page"] == "1"
    wrongs: list[dict[str, Any]] = [
        {"pages": []},
        {"pages": [PAGE, PAGE]},
        {"version": "23"},
        {"pages": [PAGE | {"page": "../1"}]},
    ]
    for wrong in wrongs:
        with pytest.raises(ValidationError):
            read_settings("social", document | wrong)
    with pytest.raises(ValueError, match="social is one of: facebook"):
        read_settings("social", {"kind": "twilio"})
