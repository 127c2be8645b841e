"""Codes and gift cards as wallet passes: the data of one, unsigned; whoever issues passes signs it. Pure.

Apple: the `pass.json` of a coupon or store card (PassKit). Google: an offer or gift card object of the Wallet API.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, NamedTuple

from babel.numbers import get_currency_precision

from libs.codes.pattern import canonical

Wallet = Literal["apple", "google"]
_MICROS = 1_000_000


class Pass(NamedTuple):
    """What is on a pass. `serial` is the id of the code or card; money is for gift cards alone, in minor units."""

    serial: str
    code: str
    title: str
    issuer: str
    expires_at: datetime | None = None
    balance_minor: int | None = None
    currency: str | None = None


def pass_data(wallet: Wallet, one: Pass) -> dict[str, Any]:
    """Return the data of a pass for a wallet."""
    return _apple(one) if wallet == "apple" else _google(one)


def _apple(one: Pass) -> dict[str, Any]:
    face: dict[str, Any] = {"primaryFields": [{"key": "offer", "label": one.issuer, "value": one.title}]}
    if one.balance_minor is not None and one.currency is not None:
        amount = one.balance_minor / 10 ** get_currency_precision(one.currency)
        face["primaryFields"] = [{"key": "balance", "label": one.title, "value": amount, "currencyCode": one.currency}]
    face["auxiliaryFields"] = [{"key": "code", "label": "Code", "value": one.code}]
    kind = "coupon" if one.balance_minor is None else "storeCard"
    data: dict[str, Any] = {
        "formatVersion": 1,
        "serialNumber": one.serial,
        "description": one.title,
        "organizationName": one.issuer,
        "barcodes": [
            {"format": "PKBarcodeFormatQR", "message": canonical(one.code), "messageEncoding": "iso-8859-1",
             "altText": one.code}
        ],
        kind: face,
    }  # fmt: skip
    if one.expires_at is not None:
        data["expirationDate"] = one.expires_at.isoformat()
    return data


def _google(one: Pass) -> dict[str, Any]:
    data: dict[str, Any] = {
        "id": one.serial,
        "state": "ACTIVE",
        "barcode": {"type": "QR_CODE", "value": canonical(one.code), "alternateText": one.code},
    }
    if one.expires_at is not None:
        data["validTimeInterval"] = {"end": {"date": one.expires_at.isoformat()}}
    if one.balance_minor is None or one.currency is None:
        return {**data, "classReference": {"title": one.title, "issuerName": one.issuer}}
    micros = one.balance_minor * _MICROS // 10 ** get_currency_precision(one.currency)
    return {
        **data,
        "cardNumber": canonical(one.code),
        "classReference": {"merchantName": one.title, "issuerName": one.issuer},
        "balance": {"micros": str(micros), "currencyCode": one.currency},
    }
