"""Mails that come back: what a mailbox says of one (DSN, RFC 3464) or its reader complains of (ARF, RFC 5965). Pure.

Only what a report says of itself is read; what it returns of the message is used for its Message-ID alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message
from email.policy import compat32
from typing import Literal
from uuid import UUID

LONGEST = 512 * 1024
_MOST_PARTS, _MOST_RECIPIENTS = 20, 50
_MESSAGE_ID = re.compile(
    rb"^Message-ID:\s*<([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})@", re.MULTILINE | re.IGNORECASE
)
_HEAD = re.compile(rb"\r?\n\r?\n")
_STATUS = re.compile(r"([245])\.(\d{1,3})\.(\d{1,3})")
_FULL = ("2.2", "3.1")
OF_SENDER = ("1.7", "1.8")
"""Details of a status that are about who writes, and say nothing of who is written to."""


@dataclass(frozen=True, slots=True)
class Report:
    """What came back: of which message and to whom, as far as it says; `dead` when nobody is there, for good."""

    kind: Literal["bounced", "complained", "delivered"]
    reason: str
    message_id: UUID | None
    recipient: str | None
    dead: bool


def read_report(raw: bytes) -> list[Report]:
    """Return what a mail reports; nothing when it is no report, or only says that somebody still tries."""
    if len(raw) > LONGEST:
        return []
    try:
        parts = list(_parts(message_from_bytes(raw, policy=compat32)))
    except RecursionError:  # parts within parts without end: anybody may send that, and no server does
        return []
    kinds = [part.get_content_type() for part in parts]
    message_id = _message_id(raw)
    if "message/feedback-report" in kinds:
        return _complaint(parts[kinds.index("message/feedback-report")], message_id)
    if "message/delivery-status" in kinds:
        return list(_returned(parts[kinds.index("message/delivery-status")], message_id))
    return []


def _parts(mail: Message) -> Iterator[Message]:
    for number, part in enumerate(mail.walk()):
        if number >= _MOST_PARTS:
            return
        yield part


def _message_id(raw: bytes) -> UUID | None:
    """The last Message-ID of our form behind the report's own headers: that of what it returns."""
    head = _HEAD.search(raw)
    found = [] if head is None else _MESSAGE_ID.findall(raw, head.end())
    return UUID(found[-1].decode()) if found else None


def _complaint(part: Message, message_id: UUID | None) -> list[Report]:
    fields = _fields(part)
    recipient = _address(fields.get("original-rcpt-to") or fields.get("removal-recipient"))
    if fields.get("feedback-type", "").strip().lower() == "not-spam":
        return []
    return [Report("complained", "complaint", message_id, recipient, dead=True)]


def _returned(part: Message, message_id: UUID | None) -> Iterator[Report]:
    """A report for each recipient that it says something final of."""
    payload = part.get_payload()
    blocks = payload if isinstance(payload, list) else []
    for block in blocks[1 : _MOST_RECIPIENTS + 1]:
        fields = {name.lower(): str(value) for name, value in block.items()} if isinstance(block, Message) else {}
        action = fields.get("action", "").strip().lower()
        recipient = _address(fields.get("original-recipient") or fields.get("final-recipient"))
        status = _STATUS.search(fields.get("status", ""))
        if action == "delivered":
            yield Report("delivered", "", message_id, recipient, dead=False)
        elif action == "failed":
            yield _failed(status, message_id, recipient)


def _failed(status: re.Match[str] | None, message_id: UUID | None, recipient: str | None) -> Report:
    if status is None:
        return Report("bounced", "address-refused", message_id, recipient, dead=False)
    hard, detail = status[1] == "5", f"{status[2]}.{status[3]}"
    if detail in _FULL:
        return Report("bounced", "mailbox-full", message_id, recipient, dead=False)
    if hard and status[2] == "1" and detail not in OF_SENDER:
        return Report("bounced", "address-unknown", message_id, recipient, dead=True)
    return Report("bounced", "address-refused", message_id, recipient, dead=False)


def _fields(part: Message) -> dict[str, str]:
    """The fields of a machine-readable part, which is a block of headers."""
    payload = part.get_payload()
    inner = payload[0] if isinstance(payload, list) and payload else None
    if isinstance(inner, Message):
        return {name.lower(): str(value) for name, value in inner.items()} or _lines(str(inner.get_payload()))
    return _lines(str(payload))


def _lines(text: str) -> dict[str, str]:
    found = {}
    for line in text.splitlines():
        name, colon, value = line.partition(":")
        if colon:
            found[name.strip().lower()] = value.strip()
    return found


def _address(field: str | None) -> str | None:
    """The address in a field such as `rfc822; anna@example.com`."""
    if field is None:
        return None
    _, semicolon, address = field.partition(";")
    return (address if semicolon else field).strip().strip("<>") or None
