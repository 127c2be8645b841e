"""R-12 with all operations: members, rewards, codes, gift cards, carts, transfers and returns, beside a plain model.

Whatever is drawn is done to the real stores, in-process, and to a model of plain lists; after every step both must have
the same points, stock, uses of codes and money, and none may be lost. What comes to be that members can do joins as
rules of one more class over the same purses, as `HouseholdRules` does over `LoanRules`.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import invariant, run_state_machine_as_test

from tests.integration.redemption.machine_households import HouseholdRules
from tests.integration.redemption.stores import Stores
from tests.support.database import Database


class Everything(HouseholdRules):
    """All rules together."""

    @invariant()
    def all_is_as_modelled(self) -> None:
        self.points_are_as_modelled()
        self.values_are_as_modelled()

    def teardown(self) -> None:
        """In the end nothing is held any more, and every invariant of `pointstream verify` holds."""
        self.wait(self.now + timedelta(days=1))
        self.all_is_as_modelled()
        assert not any(lot.held for purse in self.points.purses for lot in purse.lots)
        assert self.stores.flaws() == []


@pytest.mark.parametrize(
    ("examples", "steps"), [(3, 120), pytest.param(2_000, 50, marks=pytest.mark.slow)], ids=["short", "long"]
)
def test_everything_together_is_as_a_plain_model_has_it(database: Database, examples: int, steps: int) -> None:
    stores = Stores(database)

    class Here(Everything):
        def __init__(self) -> None:
            super().__init__(stores)

    try:
        run_state_machine_as_test(
            Here,
            settings=settings(
                max_examples=examples,
                stateful_step_count=steps,
                deadline=None,
                suppress_health_check=list(HealthCheck),
                phases=set(Phase) - {Phase.explain},
            ),
        )
    finally:
        stores.close()
