"""What may be wrong with a post, beside what may be wrong with any request."""

from __future__ import annotations

from services.gateway.door.problem_kind import kind_of

POSTS = (
    kind_of(
        "post-unknown",
        404,
        "No such post",
        "No post of your company has this id. `GET /v1/posts` lists them.",
    ),
    kind_of(
        "post-elsewhere",
        409,
        "Not possible as it stands",
        "A draft is published, approved while it waits for that, tried again when it has failed, and called off before "
        "its end. `GET /v1/posts/{post_id}` tells how it stands.",
    ),
)
