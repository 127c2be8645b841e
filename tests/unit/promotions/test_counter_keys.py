"""What a counter's key says is what its limit said."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from libs.promotions.allowances import UNITS, Limit, SharedLimit
from libs.promotions.facts import MemberFacts, Receipt
from libs.promotions.limits import CounterName, compile_limit, compile_shared_limit, read_key
from libs.promotions.situation import Situation

_WITHIN = {"day": "2024-12-30", "week": "2025-W01", "month": "2024-12", "year": "2024", "ever": "ever"}
_AT = datetime(2024, 12, 30, 12, tzinfo=UTC)


@given(
    shared=st.booleans(),
    unit=st.sampled_from(UNITS),
    period=st.sampled_from(sorted(_WITHIN)),
    scope=st.sampled_from(("all", "store", "partner", "member")),
    place=st.text(st.characters(codec="ascii", categories=("L", "N", "P", "S")), min_size=1, max_size=8),
)
def test_a_key_is_read_as_it_was_written(*, shared: bool, unit: str, period: str, scope: str, place: str) -> None:
    member = MemberFacts(UUID(int=7), None)
    situation = Situation(Receipt("EUR", 100, store=place, partner=place), member, _AT, UTC)
    if shared:
        text = {"period": period, unit: 5} | ({} if scope == "all" else {"scope": scope})
        limit = compile_shared_limit(SharedLimit.model_validate(text), "coins")
    else:
        text = {"period": period, unit: 5} | ({} if scope == "all" else {"scope": scope})
        limit = compile_limit("spring", Limit.model_validate(text))
    key = limit.key(situation)
    assert key is not None
    assert read_key(key) == CounterName(
        None if shared else "spring",
        unit,
        "coins" if shared and unit == "points" else None,
        ("programme" if shared else "campaign") if scope == "all" else scope,
        {"all": None, "member": str(UUID(int=7))}.get(scope, place),
        period,
        _WITHIN[period],
    )
