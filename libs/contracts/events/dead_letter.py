"""Dead letters: what stands in the headers of a record that we could not take; its value is the original, sealed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any

from annotated_types import Ge, Le, MaxLen, MinLen
from pydantic import ConfigDict, Field, StringConstraints

from libs.contracts.primitives import Name32, Name256, Payload, Text64, Text256

Reason = Annotated[str, MinLen(1), MaxLen(64), StringConstraints(pattern="^[a-z][a-z0-9-]*$")]
Count = Annotated[int, Ge(0), Le(2**63 - 1)]


class DeadLetterHeadersV1(Payload):
    """The headers of a dead letter. In a record each is the UTF-8 text of its value, numbers in decimal."""

    model_config = ConfigDict(validate_by_alias=True, validate_by_name=True)

    letter_id: Text64 | None = Field(
        default=None, alias="dlq-id", description="Name of the dead letter; the value is sealed under it."
    )
    reason: Reason = Field(alias="dlq-reason", description="Why, as a code: those of the decoder, or a service's own.")
    field: Text256 = Field(
        default="", alias="dlq-field", description="Which field, as a JSON Pointer; empty for the whole record."
    )
    detail: Text256 = Field(
        default="", alias="dlq-detail", description="What was expected; never what was found, which may be personal."
    )
    topic: Name256 = Field(alias="original-topic", description="Where it lay.")
    partition: Count = Field(alias="original-partition", description="In which partition.")
    offset: Count = Field(alias="original-offset", description="At which offset.")
    timestamp: Count = Field(alias="original-timestamp", description="The record's timestamp, in ms since 1970 UTC.")
    attempts: Count = Field(alias="attempts", description="How often it has been tried, replays included.")
    sealed: Name32 = Field(alias="dlq-sealed", description="How the value is sealed: name of the scheme and key.")

    def to_record(self) -> list[tuple[str, bytes]]:
        """Return the headers as a Kafka record takes them."""
        values = self.model_dump(by_alias=True, exclude_none=True)
        return [(name, str(value).encode()) for name, value in values.items()]

    @classmethod
    def from_record(cls, headers: Iterable[tuple[str, bytes]]) -> DeadLetterHeadersV1:
        """Read the headers of a record; foreign ones are ignored.

        Raises:
            pydantic.ValidationError: one is missing or is not what this class says.
        """
        numbers = {f.alias for f in cls.model_fields.values() if f.annotation is int}
        found: dict[str, Any] = {}
        for name, value in headers:
            text = value.decode("utf-8", "replace")
            found[name] = int(text) if name in numbers and text.isdecimal() else text
        return cls.model_validate(found)
