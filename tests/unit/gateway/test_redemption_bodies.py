"""What may stand in a request to spend points."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from services.gateway.redemptions.bodies import QuoteBody

ID = "018f3c1a-0000-7000-8000-000000000001"


@pytest.mark.parametrize(
    ("whose", "told"),
    [
        ({}, "the member is named by member_id or by identifier, one of the two"),
        (
            {"member_id": ID, "identifier": "card:7"},
            "the member is named by member_id or by identifier, one of the two",
        ),
        ({"identifier": "card"}, "String should match pattern"),
        ({"identifier": "card:7\x00"}, "String should match pattern"),
    ],
)
def test_a_request_names_one_member_by_what_can_be_looked_up(whose: dict[str, str], told: str) -> None:
    with pytest.raises(ValidationError) as caught:
        QuoteBody.model_validate(whose | {"points": 5})
    (fault,) = caught.value.errors()
    assert fault["msg"].startswith(told)
    assert QuoteBody.model_validate({"identifier": "card:7", "points": 5}).member_id is None


def test_a_request_says_how_many_points_or_which_bill() -> None:
    with pytest.raises(ValidationError) as caught:
        QuoteBody.model_validate({"member_id": ID})
    assert caught.value.errors()[0]["msg"].startswith("either points, bill_minor or reward")
    assert QuoteBody.model_validate({"member_id": ID, "bill_minor": 2_500, "currency": "EUR"}).points is None
