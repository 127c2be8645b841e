"""Pages, health, metrics, headers, problems, and the description of the API."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any
from uuid import UUID
from xml.etree import ElementTree

import httpx
import pytest
import yaml
from pydantic import SecretStr

from libs.contracts.asyncapi import asyncapi_document
from libs.design.style import Look
from libs.runtime.migrate import migrations
from services.gateway import store
from services.gateway.__main__ import OPENAPI, openapi_text
from services.gateway.door.openapi import operations
from services.gateway.door.problems import KINDS
from services.gateway.settings import GatewaySettings
from services.gateway.site.described import document
from services.gateway.site.dress import dress
from services.gateway.site.markup import page
from tests.integration.gateway.conftest import NOW, SetClock, running
from tests.integration.gateway.scribe import Scribe

DOCUMENT = document()
_TABLE = ["application/json", "text/csv", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"]
OTHERWISE = {
    "addMemberWish": [],
    "downloadBacktestMembers": ["text/csv"],
    "downloadFileRejects": ["text/csv"],
    "downloadLetters": ["application/pdf", "application/zip", "text/csv"],
    "downloadProgrammeCalendar": ["text/calendar"],
    "dropMemberWish": [],
    "exportCatalogue": ["text/csv", "application/json"],
    "exportOrders": ["text/csv"],
    "getBacktestReport": ["text/html"],
    "getCodePicture": ["image/svg+xml", "image/png"],
    "getExpiryForecast": _TABLE,
    "getLiability": _TABLE,
    "removeResultMail": [],
    "removeWebhook": [],
    "stopStandingOrder": [],
}
"""What operations answer that do not answer JSON alone."""
PAGES = ("/", "/docs", "/asyncapi", "/problems", *(f"/problems/{code}" for code in KINDS))


def test_the_committed_description_is_current() -> None:
    assert OPENAPI.read_text(encoding="utf-8") == openapi_text(), "run: python -m services.gateway openapi"


@pytest.mark.parametrize("operation", operations(DOCUMENT).values(), ids=lambda operation: operation["operationId"])
def test_every_operation_is_described_whole(operation: dict[str, Any]) -> None:
    responses = operation["responses"]
    assert {"401", "403", "429", "500", "503"} <= set(responses)
    (good,) = [status for status in responses if status.startswith("2")]
    answered = OTHERWISE.get(operation["operationId"], ["application/json"])
    for status, response in responses.items():
        if status.startswith("3"):  # answered by its address alone
            continue
        expected = answered if status == good else ["application/problem+json"]
        assert list(response.get("content", ())) == expected
        assert response["description"]
    assert all(parameter["description"] for parameter in operation.get("parameters", ()))
    body = operation.get("requestBody", {"content": {"application/json": {}}})
    assert "application/json" in body["content"] or body["description"]
    if "application/json" not in answered or operation["operationId"] == "exportCatalogue":
        return
    schema = responses[good]["content"]["application/json"]["schema"]
    for form in schema.get("anyOf", [schema]):
        assert "example" in DOCUMENT["components"]["schemas"][form["$ref"].rpartition("/")[2]]


def test_every_field_that_callers_send_is_described() -> None:
    bodies = [each["requestBody"]["content"] for each in operations(DOCUMENT).values() if "requestBody" in each]
    silent = {place for content in bodies for one in content.values() for place in undescribed(one.get("schema", {}))}
    assert silent == set(), "say what they mean, and in which unit, by Field(description=…)"


def undescribed(schema: Any, place: str = "", within: tuple[str, ...] = ()) -> Iterator[str]:
    """Yield the places of fields in a schema, and in what it refers to, that say nothing of themselves."""
    if (name := schema.get("$ref", "").rpartition("/")[2]) and name not in within:
        yield from undescribed(DOCUMENT["components"]["schemas"][name], name, (*within, name))
    for field, each in schema.get("properties", {}).items():
        forms = [each, *each.get("anyOf", ())]
        if not any("description" in form or "$ref" in form for form in forms):
            yield f"{place}.{field}"
        yield from undescribed(each, f"{place}.{field}", within)
    for form in (*schema.get("anyOf", ()), *schema.get("oneOf", ()), *schema.get("allOf", ())):
        yield from undescribed(form, place, within)
    for inside in ("items", "additionalProperties"):
        if isinstance(schema.get(inside), dict):
            yield from undescribed(schema[inside], f"{place}[]", within)


def test_what_the_description_refers_to_is_in_it() -> None:
    meant = re.findall(r'"\$ref": "([^"]*)"', json.dumps(DOCUMENT))
    assert {f"#/components/schemas/{name}" for name in DOCUMENT["components"]["schemas"]} >= set(meant)


async def test_the_description_is_served(anonymous: httpx.AsyncClient) -> None:
    assert (await anonymous.get("/openapi.json")).json() == DOCUMENT
    assert DOCUMENT["openapi"].startswith("3.1")


async def test_the_api_is_described_for_people_with_bodies(anonymous: httpx.AsyncClient) -> None:
    page = (await anonymous.get("/docs")).text
    bodies = [one["requestBody"]["content"] for one in operations(DOCUMENT).values() if "requestBody" in one]
    posts = [body for body in bodies if "application/json" in body]
    assert len(posts) < len(bodies)
    assert "Body: The file itself. <code>text/csv</code>" in page
    told = [body for body in posts if body["application/json"]["schema"].get("properties") != {}]
    assert page.count("<caption>Body</caption>") == len(told)
    assert "<code>data.lines[].amount_minor</code>" in page


async def test_texts_are_shown_as_meant_and_what_scrolls_can_be_scrolled_by_keys(anonymous: httpx.AsyncClient) -> None:
    page = (await anonymous.get("/docs")).text
    assert "<code>Authorization: Bearer ly_…</code>" in page
    assert page.count('<div class="scroll" tabindex="0" role="region"') == page.count("<table>")
    labels = re.findall(r'aria-label="([^"]*)"', page)
    assert len(labels) == len(set(labels)), "each region has a name of its own"
    for path in ("/docs", "/asyncapi", "/problems/event-invalid"):
        assert "<pre>" not in (await anonymous.get(path)).text


async def test_a_wrong_method_is_told_all_that_the_path_has(anonymous: httpx.AsyncClient) -> None:
    for path, methods in (("/v1/members", "GET, POST"), (f"/v1/files/{UUID(int=1)}", "DELETE, GET")):
        assert (await anonymous.request("OPTIONS", path)).headers.get_list("allow") == [methods]


async def test_the_topics_are_described_three_times_alike(anonymous: httpx.AsyncClient) -> None:
    document = asyncapi_document()
    assert (await anonymous.get("/asyncapi.json")).json() == document
    answer = await anonymous.get("/asyncapi.yaml")
    assert answer.headers["content-type"].startswith("application/yaml")
    assert yaml.safe_load(answer.text) == document
    page = (await anonymous.get("/asyncapi")).text
    for channel in document["channels"].values():
        assert f'<h2 id="{channel["title"]}">' in page
        for name in channel["messages"]:
            assert f"<h3>{name}</h3>" in page
            assert f"<caption>Fields of {name}</caption>" in page
    assert "<code>lines[].amount_minor</code>" in page
    assert page.count("<details>") >= len(document["components"]["messages"])


async def test_pages_load_nothing_from_elsewhere(anonymous: httpx.AsyncClient) -> None:
    for path in PAGES:
        answer = await anonymous.get(path)
        assert answer.status_code == 200, path
        assert answer.headers["content-type"].startswith("text/html")
        assert "<script" not in answer.text
        links = re.findall(r'(?:href|src)="([^"]*)"', answer.text)
        assert "/style.css" in links
        for link in set(links):
            if link.startswith("#"):
                assert f'id="{link[1:]}"' in answer.text
                continue
            assert link.startswith("/")
            assert (await anonymous.get(link)).status_code in {200, 503}


async def test_a_tab_has_a_picture(anonymous: httpx.AsyncClient) -> None:
    for path in (*PAGES, "/"):
        assert '<link rel="icon" href="/icon.svg">' in (await anonymous.get(path)).text, path
    for path in ("/icon.svg", "/favicon.ico"):  # a browser asks for the latter by itself, where no page says more
        answer = await anonymous.get(path)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "image/svg+xml")
        assert answer.headers["cache-control"] == "max-age=86400"
        assert ElementTree.fromstring(answer.text).tag == "{http://www.w3.org/2000/svg}svg"
        assert "img-src 'self'" in answer.headers["content-security-policy"]
    look = Look(logo="ab" * 32)
    assert '<link rel="icon" href="/media/abab' in page("Club", "", worn=dress(look, "Club", "en")), (
        "a brand has its own"
    )


async def test_a_browser_is_told_a_problem_as_a_page(anonymous: httpx.AsyncClient) -> None:
    browser = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8", "accept-language": "de-AT,en;q=0.5"}
    answer = await anonymous.get("/none", headers=browser)
    assert (answer.status_code, answer.headers["content-language"]) == (404, "de")
    assert answer.headers["content-type"].startswith("text/html")
    assert "Unter dieser Adresse ist nichts" in answer.text
    assert answer.headers["x-trace-id"] in answer.text
    assert 'aria-label="Konsole"' not in answer.text, "an address of nobody's is no page of the console"
    answer = await anonymous.get("/members/%3Cb%3E?lang=en", headers=browser)
    assert answer.status_code == 422
    assert "Go back and correct it." in answer.text
    assert "<strong>member_id</strong>" in answer.text
    assert 'aria-label="Console"' in answer.text
    assert "<b>" not in answer.text
    answer = await anonymous.get("/games/rankings?ago=many&lang=en", headers=browser)
    assert "<strong>ago</strong>" in answer.text
    assert 'href="/games/rankings?lang=en"' in answer.text
    for accept in ({"accept": "*/*"}, {"accept": "application/json"}):
        assert (await anonymous.get("/none", headers=accept)).json()["code"] == "not-found"
    answer = await anonymous.get("/v1/members", headers=browser)
    assert answer.json()["code"] == "key-missing", "programs get JSON whatever they accept"


async def test_every_answer_carries_the_security_headers(anonymous: httpx.AsyncClient) -> None:
    for path in ("/", "/v1/conservation", "/none", "/livez", "/style.css"):
        headers = (await anonymous.get(path)).headers
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert re.fullmatch("[0-9a-f]{32}", headers["x-trace-id"])
    assert (await anonymous.get("/v1/conservation")).headers["cache-control"] == "no-store"


async def test_the_trace_of_the_caller_goes_on(anonymous: httpx.AsyncClient) -> None:
    trace = "0af7651916cd43dd8448eb211c80319c"
    answer = await anonymous.get("/none", headers={"traceparent": f"00-{trace}-b7ad6b7169203331-01"})
    assert answer.headers["x-trace-id"] == answer.json()["trace_id"] == trace
    answer = await anonymous.get("/none", headers={"traceparent": "00-zz-1-01"})
    assert answer.json()["trace_id"] != trace


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/none", 404, "not-found"),
        ("GET", "/v1/none", 404, "not-found"),
        ("GET", "/problems/none", 404, "not-found"),
        ("POST", "/v1/conservation", 405, "method-not-allowed"),
        ("DELETE", "/livez", 405, "method-not-allowed"),
        ("GET", "/v1/members/not-a-uuid", 422, "request-invalid"),
        ("GET", "/v1/members", 422, "request-invalid"),
        ("GET", "/v1/members?identifier=x", 422, "request-invalid"),
        ("GET", "/v1/members?identifier=card:%00", 422, "request-invalid"),
        ("GET", "/v1/members?identifier=card:1&programme=A%20B", 422, "request-invalid"),
        ("GET", "/v1/members/0190a5b0-7c3e-7d52-9d1e-5a2f6c0b8e11", 404, "member-unknown"),
    ],
)
async def test_problems_have_one_shape(
    client: httpx.AsyncClient, method: str, path: str, status: int, code: str
) -> None:
    answer = await client.request(method, path)
    problem = answer.json()
    assert (answer.status_code, problem["status"], problem["code"]) == (status, status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem["title"] == KINDS[code].title
    assert problem["instance"] == path.partition("?")[0]
    assert (await client.get(problem["type"])).status_code == 200
    assert ("errors" in problem) == (status == 422)
    assert ("allow" in answer.headers) == (status == 405)


@pytest.mark.parametrize("path", ["/rules/a%00b/main", "/p/a%00b/main/spring"])
async def test_a_character_that_nothing_keeps_is_the_callers_fault(anonymous: httpx.AsyncClient, path: str) -> None:
    answer = await anonymous.get(path)
    assert (answer.status_code, answer.json()["code"]) == (422, "request-invalid"), answer.text


async def test_a_tag_that_is_none_is_not_the_latest(client: httpx.AsyncClient) -> None:
    for seen in ("1" * 5_000, "1" * 25, "x"):
        answer = await client.put("/v1/games/summer", json={"game": {}}, headers={"If-Match": f'"{seen}"'})
        assert (answer.status_code, answer.json()["code"]) == (412, "precondition-failed")


async def test_what_breaks_is_a_problem_that_tells_nothing(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, log_lines: list[str]
) -> None:
    async def broken(*_: object) -> None:
        raise RuntimeError("a secret")

    monkeypatch.setattr("services.gateway.store.Reading.conservation", broken)
    answer = await client.get("/v1/conservation")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal-error")
    assert "a secret" not in answer.text
    assert "a secret" in "".join(log_lines)
    assert answer.json()["trace_id"] in "".join(log_lines)


async def test_without_postgres_it_lives_but_is_not_ready(settings: GatewaySettings) -> None:
    away = settings.model_copy(
        update={"postgres": settings.postgres.model_copy(update={"dsn": SecretStr("postgresql://x:x@127.0.0.1:9/x")})}
    )
    async with running(away, SetClock()) as client:
        assert (await client.get("/livez")).status_code == 200
        assert (await client.get("/readyz")).status_code == 503
        key = f"ly_test_{'f' * 16}_{'0' * 64}"
        answer = await client.get("/v1/conservation", headers={"Authorization": f"Bearer {key}"})
        assert (answer.status_code, answer.json()["code"]) == (503, "database-away")
        assert int(answer.headers["retry-after"]) > 0


async def test_ready_only_with_the_schema_that_the_code_expects(
    anonymous: httpx.AsyncClient, scribe: Scribe, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = await anonymous.get("/readyz")
    assert (answer.status_code, answer.json()["status"]) == (200, "ready")
    monkeypatch.setattr(store, "migrations", lambda: migrations()[:-1])
    assert "newer than this code" in (await anonymous.get("/readyz")).json()["reason"]


async def test_metrics_count_operations_and_no_ids(client: httpx.AsyncClient, scribe: Scribe) -> None:
    member = await scribe.member()
    await member.credit(1, NOW)
    await client.get(f"/v1/members/{member.member_id}")
    await client.get("/v1/receipts/acme/pos/R-1")
    await client.get("/v1/nothing-of-the-kind")
    text = (await client.get("/metrics")).text
    assert 'loyalty_gateway_requests_total{operation="getMember",status_class="2xx"} 1.0' in text
    assert 'loyalty_gateway_requests_total{operation="getReceipt",status_class="4xx"} 1.0' in text
    assert 'loyalty_gateway_requests_total{operation="unmatched",status_class="4xx"} 1.0' in text
    assert 'loyalty_gateway_problems_total{code="receipt-unknown"} 1.0' in text
    for trace in (str(member.member_id), "R-1", "nothing-of-the-kind"):
        assert trace not in text


async def test_the_log_holds_no_ids_of_people_and_no_paths(
    client: httpx.AsyncClient, scribe: Scribe, log_lines: list[str]
) -> None:
    member = await scribe.member()
    await client.get(f"/v1/members/{member.member_id}")
    await client.get("/v1/members", params={"identifier": "phone:+39061234567"})
    logged = "".join(log_lines)
    assert logged.count("request.served") == 2
    for personal in (str(member.member_id), "39061234567"):
        assert personal not in logged
