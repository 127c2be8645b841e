"""Cashback: money to the member's account; approved, then paid out, and final once it is paid."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from libs.catalogue.flow import Cancelling, Flow, flow
from libs.catalogue.kinds.base import Asked, Currency, Minor, RewardKind
from libs.promotions.parts import Part


class Cashback(Part):
    """So much money, in minor units of a currency, as credit at the shop or to a bank account."""

    kind: Literal["cashback"]
    amount_minor: Minor
    currency: Currency
    paid_to: Literal["shop_account", "bank_account"] = "shop_account"


class CashbackAsked(Asked):
    """To which bank account; for credit at the shop nothing has to be said."""

    iban: Annotated[str, Field(pattern="^[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}$")] | None = None


_PAID = flow(
    "ordered",
    "approved",
    "paid",
    back={"ordered": ("failed",), "approved": ("failed",)},
    cancelling=Cancelling(frozenset({"ordered"})),
)


def _flow(data: Cashback) -> Flow:
    return _PAID


def _answers(data: Cashback, asked: CashbackAsked) -> str | None:
    return "answer-needed" if (data.paid_to == "bank_account") != (asked.iban is not None) else None


KIND = RewardKind("cashback", Cashback, _flow, CashbackAsked, frozenset({"iban"}), answers=_answers)
