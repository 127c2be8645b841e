"""What is answered about files."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from pydantic import ConfigDict, Field, JsonValue

from services.gateway.files.store import Kept, Reject, State
from services.gateway.intake.views import Status
from services.gateway.views import Page, View

_STATES = (
    "`waiting`: nobody works on it yet. `running`. `done`: brought in, whatever was rejected. `failed`: nothing more "
    "can be made of it, and `failure` says why. `cancelled`."
)
_ID = "0192f0c4-3b00-7a5e-8c11-2f6f1d9c7a10"
EXAMPLE_FILE: Mapping[str, JsonValue] = {
    "id": _ID,
    "name": "receipts.csv.gz",
    "source": "/acme/files",
    "state": "running",
    "received_at": "2026-11-10T18:00:00Z",
    "ended_at": None,
    "failure": None,
    "bytes": 1_048_576,
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "lines": 48_211,
    "read": 12_004,
    "published": 12_001,
    "rejected": 3,
    "progress": 0.42,
    "per_second": 4_120.5,
    "seconds_left": 4.0,
    "rejects": f"/v1/files/{_ID}/rejects",
}


_REJECT: Mapping[str, JsonValue] = {
    "line": 5,
    "field": "/total",
    "reason": "total-mismatch",
    "detail": "expected the sum of the lines' amounts",
}


class FileView(View):
    """A file, and how far it was brought in."""

    model_config = ConfigDict(json_schema_extra={"example": dict(EXAMPLE_FILE)})

    id: UUID
    name: str = Field(description="As it was sent.")
    source: str = Field(description="Whose events it holds.")
    state: State = Field(description=_STATES)
    received_at: datetime
    ended_at: datetime | None = Field(description="When it was done, failed or was cancelled.")
    failure: str | None = Field(description="Why it failed; what was published before stays.")
    bytes: int = Field(description="Its size as it was sent.")
    sha256: str = Field(description="The digest of its bytes, by which it is known again.")
    lines: int = Field(description="Lines that were read so far.")
    read: int = Field(description="Rows that were read so far; those that belong together count once.")
    published: int = Field(description="Events that the broker has.")
    rejected: int = Field(description="Rows that make no event; `rejects` tells each.")
    progress: float = Field(description="The part of the file that was read, 0 to 1.")
    per_second: float | None = Field(description="Rows a second since its gateway began; null before.")
    seconds_left: float | None = Field(description="How long the rest will take at that pace; null when not known.")
    rejects: str = Field(description="Where the rejected rows are told.")

    @classmethod
    def of(cls, file: Kept) -> FileView:
        """Tell a file as it stands."""
        return cls(**_described(file))


class SentFile(FileView):
    """A file that was sent."""

    model_config = ConfigDict(json_schema_extra={"example": {"status": "accepted", **EXAMPLE_FILE}})

    status: Status = Field(description="`accepted`: it is brought in from now on. `known`: the same file came before.")

    @classmethod
    def as_it_was(cls, file: Kept, status: Status) -> SentFile:
        """Tell a file, and whether it is new."""
        return cls(status=status, **_described(file))


class FilePage(Page[FileView]):
    """Files, newest first."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"data": [dict(EXAMPLE_FILE)], "next_cursor": None, "has_more": False}}
    )


class RejectView(View):
    """A row that makes no event."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": dict(_REJECT),
        }
    )

    line: int = Field(description="The line that it begins on, the header being 1.")
    field: str = Field(description="Where in the row, as the mapping names it; empty for all of it.")
    reason: str = Field(description="The kind of fault, as for dead letters.")
    detail: str = Field(description="What was expected there.")

    @classmethod
    def of(cls, reject: Reject) -> RejectView:
        """Tell a refused row."""
        return cls(line=reject.line, field=reject.field, reason=reject.reason, detail=f"expected {reject.detail}")


class RejectPage(Page[RejectView]):
    """Rejected rows in the order of the file."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"data": [dict(_REJECT)], "next_cursor": None, "has_more": False}}
    )


def _described(file: Kept) -> dict[str, object]:
    per_second, seconds_left = _pace(file)
    done = file.state == "done"
    return {
        "id": file.file_id,
        "name": file.name,
        "source": file.source,
        "state": file.state,
        "received_at": file.received_at,
        "ended_at": file.ended_at,
        "failure": file.failure,
        "bytes": file.size,
        "sha256": file.digest.hex(),
        "lines": file.line,
        "read": file.read,
        "published": file.published,
        "rejected": file.rejected,
        "progress": 1.0 if done else round(min(file.bytes_read / max(file.size, 1), 1.0), 4),
        "per_second": per_second,
        "seconds_left": 0.0 if done else seconds_left,
        "rejects": f"/v1/files/{file.file_id}/rejects",
    }


def _pace(file: Kept) -> tuple[float | None, float | None]:
    """Rows a second, and seconds until the end, as of the last portion."""
    if file.began_at is None or file.moved_at is None:
        return None, None
    passed = (file.moved_at - file.began_at).total_seconds()
    if passed <= 0:
        return None, None
    moved, left = file.bytes_read - file.began_bytes, file.size - file.bytes_read
    until_end = round(max(left, 0) * passed / moved, 1) if moved > 0 and file.ended_at is None else None
    return round((file.read - file.began_read) / passed, 1), until_end
