"""What is asked of redemption about codes over HTTP, and what it answers; never on a topic."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec
from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from libs.codes.rules import Order

PATH = "/codes"
"""Where redemption answers, on its web port."""
Operation = Literal["validate", "redeem", "return", "assign", "publish", "void"]
CodeState = Literal["created", "assigned", "published", "redeemed", "void"]


class CodeAsk(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One request of a caller who was let in.

    A code is named by its text, as typed, or by its id; a redemption of one by `use_id`; a pool by name. `order` is
    what the code is to count for, `worth_minor` what it takes off where that was judged with others. `credential`,
    `key` and `fingerprint` are as for redemptions.
    """

    operation: Operation
    tenant_id: int
    credential: str
    key: bytes = b""
    fingerprint: bytes = b""
    programme_id: int | None = None
    member_id: UUID | None = None
    code: str | None = None
    code_id: UUID | None = None
    use_id: UUID | None = None
    pool: str | None = None
    order: Order = Order()
    reference: str | None = None
    worth_minor: int | None = None


class ValueAnswer(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of a request about a code or a gift card: a body for the caller, or the code of a refusal.

    `reasons` are all that speak against it, each by a code and in words; `retry_after` is in seconds.
    """

    body: msgspec.Raw = msgspec.Raw(b"null")
    made: bool = False
    replayed: bool = False
    refused: str | None = None
    detail: str | None = None
    reasons: tuple[tuple[str, str], ...] = ()
    retry_after: int | None = None


read_code_ask = msgspec.json.Decoder(CodeAsk).decode
read_value_answer = msgspec.json.Decoder(ValueAnswer).decode
write = msgspec.json.Encoder().encode


class _View(BaseModel):
    model_config = ConfigDict(frozen=True)


_ID = "5b1c0a52-8a0e-5f4e-9a55-3f0d1c7be0aa"
_USE = "8e1f5f0a-6f0e-5b7d-8a63-2f1e9d4c7b50"
_MEMBER = "0190a5b0-7c3e-7d52-9d1e-5a2f6c0b8e11"
_CODE_EXAMPLE: JsonDict = {
    "code_id": _ID,
    "code": None,
    "programme": "main",
    "pool": "spring",
    "kind": "coupon",
    "state": "published",
    "uses": 0,
    "member_id": _MEMBER,
    "expires_at": "2024-04-01T00:00:00Z",
    "created_at": "2024-02-20T09:00:00Z",
    "assigned_at": "2024-03-01T10:00:00Z",
    "published_at": "2024-03-01T10:00:01Z",
    "redeemed_at": None,
    "voided_at": None,
}


class CodeView(_View):
    """A code as it stands."""

    model_config = ConfigDict(json_schema_extra={"example": _CODE_EXAMPLE})

    code_id: UUID = Field(description="Names it.")
    code: str | None = Field(description="Its text, to those who may have it; else null.")
    programme: str = Field(description="The programme.", examples=["main"])
    pool: str = Field(description="Name of its pool.")
    kind: Literal["coupon", "voucher"] = Field(description="What it is.")
    state: CodeState = Field(description="What became of it: created, assigned, published, redeemed, or void.")
    uses: int = Field(description="How many redemptions of it stand.")
    member_id: UUID | None = Field(description="Whom it was assigned to.")
    expires_at: datetime | None = Field(description="Until when it counts, by itself; its pool may say less.")
    created_at: datetime = Field(description="When it was made.")
    assigned_at: datetime | None = Field(description="When it was assigned.")
    published_at: datetime | None = Field(description="When it was published.")
    redeemed_at: datetime | None = Field(description="When it was redeemed last.")
    voided_at: datetime | None = Field(description="When it was made void.")


class CodeReason(_View):
    """One thing that keeps a code from counting."""

    code: str = Field(description="Which, for programs.", examples=["expired"])
    detail: str = Field(description="It in words.", examples=["The code counted until 2024-03-01T00:00:00+00:00."])


class CodeCheck(_View):
    """Whether a code counts, and what it takes off; nothing was done."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "valid": True,
                "reasons": [],
                "code_id": _ID,
                "pool": "spring",
                "kind": "coupon",
                "expires_at": "2024-04-01T00:00:00Z",
                "discount_minor": 500,
                "combines": True,
            }
        }
    )

    valid: bool = Field(description="Whether it can be redeemed.")
    reasons: tuple[CodeReason, ...] = Field(description="Everything that speaks against it; empty when it counts.")
    code_id: UUID | None = Field(default=None, description="Names the code; null where there is none.")
    pool: str | None = Field(default=None, description="Name of its pool.")
    kind: Literal["coupon", "voucher"] | None = Field(default=None, description="What it is.")
    expires_at: datetime | None = Field(default=None, description="Until when it counts.")
    discount_minor: int | None = Field(default=None, description="What it takes off the order, in minor units.")
    combines: bool | None = Field(default=None, description="Whether other codes may count for the same order.")


class CodeUseView(_View):
    """A redemption of a code."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "use_id": _USE,
                "code_id": _ID,
                "pool": "spring",
                "kind": "coupon",
                "member_id": _MEMBER,
                "reference": "4711",
                "store": "12",
                "currency": "EUR",
                "total_minor": 5000,
                "discount_minor": 500,
                "used_at": "2024-03-02T10:00:00Z",
                "returned_at": None,
                "state": "redeemed",
            }
        }
    )

    use_id: UUID = Field(description="Names it.")
    code_id: UUID = Field(description="The code.")
    pool: str = Field(description="Name of its pool.")
    kind: Literal["coupon", "voucher"] = Field(description="What the code is.")
    member_id: UUID | None = Field(description="Who showed it.")
    reference: str | None = Field(description="What the caller calls the order.")
    store: str | None = Field(description="The store.")
    currency: str | None = Field(description="ISO 4217.")
    total_minor: int | None = Field(description="What the order came to, in minor units.")
    discount_minor: int | None = Field(description="What the code took off.")
    used_at: datetime = Field(description="When it was redeemed.")
    returned_at: datetime | None = Field(description="When that was undone.")
    state: CodeState = Field(description="What the code is now.")
