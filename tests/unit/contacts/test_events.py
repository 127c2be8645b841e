"""Profile events tell of people: what is kept of them, and what is wrong with them, in words that repeat nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from libs.contacts.events import told_by, unfit
from libs.contacts.person import Consent
from libs.contacts.told import Told, ToldPerson
from libs.contracts.events import MemberEnrolledV1, PurchaseClaimedV1
from libs.contracts.rejection import Rejection
from libs.contracts.structs import to_struct

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
EMAIL = {"channel": "email", "address": "Anna@example.com"}


def enrolled(**more: Any) -> Any:
    payload = {"member_id": UUID(int=1), "identifiers": ({"kind": "card", "value": "1"},)} | more
    return to_struct(MemberEnrolledV1.model_validate(payload, strict=False))


def told(**more: Any) -> Told:
    found = told_by(enrolled(**more), "/acme/crm", NOW)
    assert isinstance(found, Told)
    return found


def test_who_tells_nothing_is_told_nothing() -> None:
    assert told_by(enrolled(), "/acme/crm", NOW) is None
    assert unfit(enrolled()) is None
    assert unfit(to_struct(PurchaseClaimedV1(receipt_number="R-1", member_id=UUID(int=1)))) is None


def test_a_number_is_read_by_the_country_of_the_person() -> None:
    found = told(person={"country": "CZ", "given_name": ""}, contacts=[{"channel": "sms", "address": "601 123 456"}])
    assert found.person == ToldPerson(given_name="", country="CZ")
    assert [each.address.value for each in found.addresses] == ["+420601123456"]


def test_an_address_told_twice_is_one() -> None:
    found = told(contacts=[EMAIL, {"channel": "email", "address": "anna@EXAMPLE.com", "gone": True}])
    assert [(each.address.identity, each.gone) for each in found.addresses] == [("anna@example.com", True)]


def test_a_consent_was_given_when_and_where_its_event_says_unless_it_says_so_itself() -> None:
    plain = {"purpose": "marketing", "channel": "sms", "given": True}
    own = plain | {"at": NOW - timedelta(days=1), "source": "till 3", "text_version": "2026-1"}
    assert told(consents=[plain, own]).consents == (
        Consent("marketing", "sms", True, NOW, "/acme/crm", ""),
        Consent("marketing", "sms", True, NOW - timedelta(days=1), "till 3", "2026-1"),
    )
    (long,) = told_by(enrolled(consents=[plain]), "/" + "x" * 200, NOW).consents  # type: ignore[union-attr]  # it is told
    assert len(long.source) == 128


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"contacts": [EMAIL, {"channel": "email", "address": "secret"}]}, "/data/contacts/1/address"),
        ({"contacts": [{"channel": "sms", "address": "601 123 456"}]}, "/data/contacts/0/address"),
        ({"person": {"country": "XX"}, "contacts": [{"channel": "sms", "address": "1"}]}, "/data/contacts/0/address"),
        ({"person": {"zone": "Secret/Place"}}, "/data/person/zone"),
    ],
)
def test_what_is_wrong_is_said_without_repeating_it(more: dict[str, Any], field: str) -> None:
    fault = unfit(enrolled(**more))
    assert isinstance(fault, Rejection)
    assert (fault.code, fault.field) == ("field", field)
    assert "ecret" not in fault.detail
