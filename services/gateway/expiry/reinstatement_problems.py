"""What may be wrong with a request to give back what lapsed, beside what may be wrong with any request."""

from __future__ import annotations

from services.gateway.door.problem_kind import kind_of

REINSTATEMENTS = (
    kind_of(
        "reinstatement-unknown",
        404,
        "No such request",
        "No request of your company to give points back has this id. `GET /v1/reinstatements` lists them.",
    ),
    kind_of(
        "reinstatement-impossible",
        409,
        "That can not be given back",
        "Only what lapsed comes back, once, within the window and the limits that `reinstatement` sets in the programme"
        " in force. `POST /v1/reinstatements:plan` tells what that is, for each member.",
    ),
    kind_of(
        "decided-otherwise",
        409,
        "It is decided already",
        "Nobody has to agree to it any more. Look at it again to see how it stands.",
    ),
    kind_of(
        "second-person-needed",
        409,
        "Somebody else decides that",
        "What one person asked for, or published, takes the agreement of another one: with another API key, or at the "
        "command line.",
    ),
)
