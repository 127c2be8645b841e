"""Problems: every error that the gateway answers, in one shape (RFC 9457) and from one closed list."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from pydantic import BaseModel, ConfigDict, Field

from services.gateway.door.problem_families import FAMILIES
from services.gateway.door.problem_kind import Kind
from services.gateway.door.problem_kind import kind_of as _kind

MEDIA_TYPE = "application/problem+json"
QUOTA_TYPE = "https://iana.org/assignments/http-problem-types#quota-exceeded"


KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        kind.code: kind
        for kind in (
            *FAMILIES,
            _kind(
                "cursor-invalid",
                400,
                "The cursor is not valid",
                "A cursor is the `next_cursor` of an earlier page of the same list, unchanged. Else begin without one.",
            ),
            _kind(
                "idempotency-key-missing",
                400,
                "An Idempotency-Key is needed",
                "Send the header `Idempotency-Key` with a text of your own, the same when you repeat the request: then "
                "it counts once, whatever happens on the way.",
            ),
            _kind(
                "idempotency-key-invalid",
                400,
                "The Idempotency-Key is not valid",
                "A key has 1 to 255 printable ASCII characters, quoted or not, and is sent once.",
            ),
            _kind(
                "body-not-json",
                400,
                "The body is not JSON",
                "The body must be one JSON document in UTF-8, nested at most 100 deep.",
            ),
            _kind(
                "key-missing",
                401,
                "An API key is needed",
                "Send the header `Authorization: Bearer ly_…` with a key of your company.",
            ),
            _kind(
                "key-invalid",
                401,
                "The API key is not known",
                "The key is mistyped, cut off, or of another installation. Keys are shown once, when they are made.",
            ),
            _kind("key-expired", 401, "The API key has expired", "Its date has passed. Ask for a new key."),
            _kind("key-revoked", 401, "The API key was revoked", "Somebody took it back. Ask for a new key."),
            _kind(
                "scope-missing",
                403,
                "The API key does not allow this",
                "The key works, but lacks the scope that this operation needs. The answer names it.",
            ),
            _kind("not-found", 404, "Nothing is here", "No operation has this path. The list of all is on /docs."),
            _kind(
                "member-unknown",
                404,
                "No such member",
                "No member of your company has this id. Members of others are never found.",
            ),
            _kind(
                "receipt-unknown",
                404,
                "No such receipt",
                "No receipt of your company with this source and id has been decided: it has not arrived yet, was "
                "refused as a dead letter, or never was sent. Source and id are those of its event, percent-encoded.",
            ),
            _kind(
                "programme-unknown",
                404,
                "No such programme",
                "Your company has no programme of this name. Leave `?programme=` out where it has only one.",
            ),
            _kind(
                "version-unknown",
                404,
                "No such version",
                "The programme has no version of this number, or none is in force yet. `GET /v1/programme/versions` "
                "lists them all.",
            ),
            _kind(
                "campaign-unknown",
                404,
                "No such campaign",
                "The programme as it counts has no campaign of this id. `GET /v1/campaigns` lists them all.",
            ),
            _kind(
                "switch-unknown",
                404,
                "The switch is not off",
                "Nothing of this kind and value is switched off. `GET /v1/switches` lists what is.",
            ),
            _kind(
                "file-unknown",
                404,
                "No such file",
                "No file of your company has this id: it never was sent, or it was forgotten with its report, seven "
                "days after it came unless the installation says otherwise.",
            ),
            _kind(
                "method-not-allowed",
                405,
                "The method is not allowed here",
                "The path exists, but not with this method. The header `Allow` names those that it has.",
            ),
            _kind(
                "body-too-slow",
                408,
                "The body took too long",
                "A request has 30 seconds to send its body, a file 30 seconds between two pieces of it. Nothing of it "
                "was taken.",
            ),
            _kind(
                "idempotency-key-running",
                409,
                "The same request is still running",
                "Another request with this Idempotency-Key has not been answered yet. Repeat it after `Retry-After` "
                "seconds; a run that was cut off gives its key back after a minute.",
            ),
            _kind(
                "event-conflict",
                409,
                "The id stands for another event",
                "An event with this source and id was accepted with another body. An id is given once; to change what "
                "was said, send a correction under a new id.",
            ),
            _kind(
                "campaign-exists",
                409,
                "The id is that of another campaign",
                "The programme has a campaign of this id with other rules. Take another id, or change that one with "
                "`PATCH /v1/campaigns/{campaign}`.",
            ),
            _kind(
                "version-waits",
                409,
                "A version waits that would take its place",
                "A later version comes into force by itself. Publish at its instant to replace it, or say with "
                "`before_waiting` that this one is meant for the time until then.",
            ),
            _kind(
                "document-outdated",
                409,
                "The document was made for another version",
                "The `version` in the document is neither the latest nor the next: somebody has published since it was "
                "read. Start from the latest, or leave `version` out.",
            ),
            _kind(
                "switches-full",
                409,
                "Too many switches are off",
                "At most 100 kill switches of a programme are off at once. Turn some on again, or turn everything off.",
            ),
            _kind(
                "precondition-failed",
                412,
                "Somebody else was faster",
                "What you have seen last is not the latest. Read it again, and send the new `ETag` as `If-Match`.",
            ),
            _kind(
                "file-ended",
                409,
                "The file has been brought in already",
                "What has ended can't be cancelled; single events are put right by corrections, voids and returns.",
            ),
            _kind(
                "body-too-large",
                413,
                "The body is too large",
                "An event may have 1 MiB, a batch 4 MiB and 1,000 events, a file 1 GiB unless the installation says "
                "otherwise.",
            ),
            _kind(
                "media-type-unsupported",
                415,
                "The media type is not supported",
                "Send JSON, uncompressed: `Content-Type: application/json` or `application/cloudevents+json`. A file "
                "is sent as the body itself, not as part of a form.",
            ),
            _kind(
                "event-invalid",
                422,
                "The event is not valid",
                "`errors` names the field by a JSON Pointer and says what is expected there; /docs and the schemas of "
                "the events tell more. Nothing of it was taken.",
            ),
            _kind(
                "source-unknown",
                422,
                "The source is not registered",
                "The `source` of an event must be a source that is registered for your company, or a path below one. "
                "An operator registers it with `pointstream sources add`.",
            ),
            _kind(
                "file-unreadable",
                422,
                "Nothing can be made of the file",
                "Its name says how it is written: `.csv`, `.tsv`, `.txt`, `.jsonl`, `.ndjson` or `.json`, with `.gz` "
                "behind it or not; else say `format`. CSV needs a mapping that is kept with the source: "
                "`pointstream sources add --map`.",
            ),
            _kind(
                "idempotency-key-reused",
                422,
                "The Idempotency-Key was used for another request",
                "A key stands for one request for seven days: the same method, path and body. Take a new key.",
            ),
            _kind(
                "request-invalid",
                422,
                "The request is not valid",
                "`errors` names each fault with a JSON Pointer into the request: `/query/…`, `/path/…` or `/body/…`.",
            ),
            _kind(
                "programme-needed",
                422,
                "The programme must be named",
                "Your company, or the member, has several programmes. Add `?programme=` with the slug of one.",
            ),
            _kind(
                "document-invalid",
                422,
                "The programme is not valid",
                "`errors` names every fault of the document with a JSON Pointer, the reason, and what is allowed. "
                "Nothing of it was published. /schemas/programme.schema.json describes the document.",
            ),
            _kind(
                "activation-too-soon",
                422,
                "It can't count so soon",
                "A version counts five seconds from now at the earliest, so that every worker has it by then. What has "
                "been judged stays judged.",
            ),
            _kind(
                "precondition-missing",
                428,
                "If-Match is needed",
                "Send the `ETag` of what you have seen last as `If-Match`, so that nobody's change is lost. For a "
                "programme's first version send `If-None-Match: *`.",
            ),
            _kind(
                "quota-exceeded",
                429,
                "Too many requests",
                "The key has used up its quota. Wait as long as `Retry-After` says; `RateLimit` tells what is left.",
                QUOTA_TYPE,
            ),
            _kind(
                "files-waiting",
                429,
                "Too many files wait",
                "As many files of your company as may wait are waiting. Send the next one when one of them has ended.",
            ),
            _kind(
                "internal-error",
                500,
                "Something broke on our side",
                "The fault is ours and has been logged. Quote `trace_id` when you report it.",
            ),
            _kind(
                "publishing-away",
                503,
                "It can't be taken in right now",
                "The broker did not acknowledge it in time, is away, or too much waits for it already. It is not known "
                "whether it arrived: repeat it after `Retry-After` seconds, with the same Idempotency-Key. It counts "
                "once.",
            ),
            _kind(
                "file-not-stored",
                503,
                "The file can't be stored right now",
                "The gateway has no room for it, or no directory for files. Nothing of it was taken.",
            ),
            _kind(
                "database-away",
                503,
                "Try again in a moment",
                "The database can't be reached or is too busy. Nothing is lost; try again after `Retry-After` seconds.",
            ),
        )
    }
)


class FieldError(BaseModel):
    """One fault of a request."""

    model_config = ConfigDict(frozen=True)

    pointer: str = Field(description="Where in the request, as a JSON Pointer.", examples=["/query/limit"])
    detail: str = Field(description="What is wrong there.", examples=["must be at most 200"])


class Problem(BaseModel):
    """A problem as RFC 9457 writes it."""

    model_config = ConfigDict(frozen=True)

    type: str = Field(description="A page that explains this kind of problem.", examples=["/problems/member-unknown"])
    title: str = Field(description="The kind in a few words.", examples=["No such member"])
    status: int = Field(description="The HTTP status.", examples=[404])
    code: str = Field(description="The kind, for programs.", examples=["member-unknown"])
    detail: str | None = Field(default=None, description="What happened this time.")
    instance: str = Field(description="The path that was asked for.")
    trace_id: str = Field(description="To find this request in the logs.")
    errors: tuple[FieldError, ...] | None = Field(default=None, description="The faults of the request.")
    violated_policies: tuple[str, ...] | None = Field(
        default=None, alias="violated-policies", description="The quotas that were used up."
    )


@dataclass(eq=False)
class ProblemError(Exception):
    """Raised wherever a request can't be answered; the app turns it into the problem."""

    code: str
    detail: str | None = None
    errors: Sequence[FieldError] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    violated: tuple[str, ...] = ()

    @property
    def kind(self) -> Kind:
        """The kind of problem."""
        return KINDS[self.code]


def render(error: ProblemError, instance: str, trace_id: str) -> bytes:
    """Write the problem as JSON; what is not known is left out."""
    kind = error.kind
    problem = Problem(
        type=kind.type,
        title=kind.title,
        status=kind.status,
        code=kind.code,
        detail=error.detail,
        instance=instance,
        trace_id=trace_id,
        errors=tuple(error.errors) or None,
        **{"violated-policies": error.violated or None},
    )
    return problem.model_dump_json(exclude_none=True, by_alias=True).encode()


def pointer(location: Iterable[int | str]) -> str:
    """Write a place as a JSON Pointer (RFC 6901)."""
    return "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in location)


_FIELDS = {
    "event-invalid": ("/body/data/total_minor", "expected the sum of the lines' amounts"),
    "event-conflict": ("/body/id", "the id stands for an event with another body"),
    "document-invalid": ("/body/document/campaigns/3/effect/points", "Input should be greater than or equal to 1"),
    "source-unknown": ("/body/source", "not at or below a registered source of your company"),
}


def example(code: str) -> dict[str, object]:
    """A specimen of a kind, for the description of the API."""
    kind = KINDS[code]
    specimen: dict[str, object] = {
        "type": kind.type,
        "title": kind.title,
        "status": kind.status,
        "code": code,
        "instance": "/v1/…",
        "trace_id": "0af7651916cd43dd8448eb211c80319c",
    }
    if code == "request-invalid":
        specimen["errors"] = [{"pointer": "/query/limit", "detail": "Input should be less than or equal to 200"}]
    if code in _FIELDS:
        specimen["errors"] = [dict(zip(("pointer", "detail"), _FIELDS[code], strict=True))]
    if code == "quota-exceeded":
        specimen["violated-policies"] = ["default"]
    return specimen
