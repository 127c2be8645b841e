"""The CloudEvents 1.0 envelope in structured JSON: what is said about every event, whatever it carries."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from annotated_types import MaxLen, MinLen
from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from libs.contracts.primitives import NO_NUL, Instant, Name128, Payload, Sequence, Slug, Text256

CONTENT_TYPE = b"application/cloudevents+json; charset=UTF-8"
SPEC_VERSION = "1.0"
DATA_CONTENT_TYPE = "application/json"


def refuse_relative(value: str) -> str:
    """Let a source pass that begins with a slash.

    Raises:
        PydanticCustomError: it begins with anything else.
    """
    if not value.startswith("/"):
        raise PydanticCustomError("source", "a path that begins with '/'")
    return value


ROOTED = AfterValidator(refuse_relative)
Source = Annotated[str, MinLen(1), MaxLen(256), NO_NUL, ROOTED, Field(json_schema_extra={"pattern": "^/"})]


class Envelope(Payload):
    """The attributes of an event that we read; each type adds its `type` and its `data`."""

    specversion: Literal["1.0"] = Field(description="Version of CloudEvents.")
    id: Name128 = Field(description="Unique within the source; a repeat carries the same id.")
    source: Source = Field(description="Who says so: the path of a registered source, or a path below it.")
    time: Instant = Field(description="When it happened.")
    subject: Text256 | None = Field(default=None, description="What it is about: the member, once known.")
    datacontenttype: Literal["application/json"] = Field(default="application/json", description="Form of `data`.")
    dataschema: Text256 | None = Field(default=None, description="URI of the schema of `data`.")
    partitionkey: Text256 | None = Field(default=None, description="Equals the key of the record.")
    traceparent: Text256 | None = Field(default=None, description="W3C trace context of the cause.")


class OutEnvelope(Envelope):
    """The attributes of an event that we publish: the sender's own, and whose programme it belongs to."""

    tenant: Slug = Field(description="Whose event it is.")
    programme: Slug = Field(description="The programme of the tenant.")
    memberseq: Sequence | None = Field(
        default=None, description="Gap-free number of the member's ledger events; order and de-duplicate by it."
    )


AnyEnvelope = type[Envelope] | type[OutEnvelope]
JsonObject = dict[str, Any]
