"""What may be wrong with scenarios on trial, beside what may be wrong with any request."""

from __future__ import annotations

from libs.scenarios.simulations import MOST_OPEN
from services.gateway.door.problem_kind import kind_of

SIMULATIONS = (
    kind_of(
        "simulation-unknown",
        404,
        "No such trial",
        "No trial of scenarios of your company has this id, or it was forgotten after 30 days. "
        "`POST /v1/scenarios:simulate` answers with it.",
    ),
    kind_of(
        "scenario-unknown",
        404,
        "No such scenario",
        "The document has no scenario of this name, or none at all. `GET /v1/scenarios` lists them.",
    ),
    kind_of(
        "simulations-waiting",
        503,
        "Too many trials wait",
        f"No more than {MOST_OPEN} trials of a company wait or run at once. Ask again when one is done.",
    ),
)
