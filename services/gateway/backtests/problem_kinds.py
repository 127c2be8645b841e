"""What may be wrong with a question to history, beside what may be wrong with any request."""

from __future__ import annotations

from services.gateway.door.problem_kind import kind_of

BACKTESTS = (
    kind_of(
        "backtest-unknown",
        404,
        "No such backtest",
        "No backtest of your company has this id: it was never asked for, or was forgotten after its time.",
    ),
    kind_of(
        "backtest-not-done",
        409,
        "The backtest has left nothing to read",
        "The table and the page are there once its state is `done`. `GET /v1/backtests/{id}` tells how far it is.",
    ),
    kind_of(
        "backtest-ended",
        409,
        "The backtest has ended",
        "It is done, or has failed, so that there is nothing to cancel.",
    ),
    kind_of(
        "backtests-waiting",
        503,
        "Too many backtests wait",
        "One of a company runs at a time. Wait for some to be done, or cancel them.",
    ),
    kind_of(
        "backtests-unavailable",
        503,
        "This gateway takes no backtests",
        "It has no directory to copy a history to: see the setting `backtests.directory`.",
    ),
)
