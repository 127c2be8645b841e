"""Codes of coupons and vouchers in both languages: what a campaign asks of them, and why it does not pay."""

from __future__ import annotations

from types import MappingProxyType

from libs.language.catalogue import Texts

RULES_ENGLISH: Texts = MappingProxyType(
    {
        "codes": {"one": "with a code of {listed}", "other": "with a code of one of {listed}"},
        "not_codes": "not with a code of {listed}",
    }
)

RULES_GERMAN: Texts = MappingProxyType(
    {
        "codes": {"one": "mit einem Code aus {listed}", "other": "mit einem Code aus einem von {listed}"},
        "not_codes": "nicht mit einem Code aus {listed}",
    }
)

ENGLISH: Texts = MappingProxyType(
    {
        "codes": "no code of its kind counts for the receipt",
        "not_codes": "not beside a code that counts for the receipt",
    }
)

GERMAN: Texts = MappingProxyType(
    {
        "codes": "kein Code seiner Art gilt für den Bon",
        "not_codes": "nicht neben einem Code, der für den Bon gilt",
    }
)
