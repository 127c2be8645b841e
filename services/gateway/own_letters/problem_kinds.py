"""What may be wrong with a letter to an address of one's own."""

from __future__ import annotations

from libs.deliveries.own import A_DAY
from services.gateway.door.problem_kind import kind_of

OWN_LETTERS = (
    kind_of(
        "test-letter-unknown",
        404,
        "No such letter",
        "No letter of your company has this id. `POST /v1/templates:test` answers with it.",
    ),
    kind_of(
        "test-letters-spent",
        429,
        "No more letters are tried today",
        f"A key tries at most {A_DAY} letters in any 24 hours, for they go to any address. Wait as long as "
        "`Retry-After` says.",
    ),
    kind_of(
        "result-mail-unknown",
        404,
        "Nobody of this id gets figures",
        "No mail of figures of your company has this id. `GET /v1/result-mails` lists them.",
    ),
)
