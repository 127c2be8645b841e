"""Sealed bytes open again with the same key and in the same place, and in no other way."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.runtime.seal import Seal, SealBroken

SEAL = Seal.from_base64(base64.b64encode(bytes(32)).decode())


@given(st.binary(), st.text(st.characters(exclude_categories=["Cs"])))
def test_opens_to_the_same_bytes(plain: bytes, context: str) -> None:
    assert SEAL.open(SEAL.close(plain, context), context) == plain


@given(st.binary(min_size=1), st.integers(min_value=0))
def test_one_changed_bit_breaks_it(plain: bytes, place: int) -> None:
    sealed = bytearray(SEAL.close(plain, "here"))
    sealed[place % len(sealed)] ^= 1
    with pytest.raises(SealBroken):
        SEAL.open(bytes(sealed), "here")


@pytest.mark.parametrize("sealed", [b"", b"short", bytes(28)])
def test_what_was_never_sealed_is_broken(sealed: bytes) -> None:
    with pytest.raises(SealBroken):
        SEAL.open(sealed, "here")


def test_another_place_or_key_is_refused() -> None:
    sealed = SEAL.close(b"secret", "here")
    with pytest.raises(SealBroken):
        SEAL.open(sealed, "there")
    with pytest.raises(SealBroken):
        Seal.from_base64(base64.b64encode(bytes([1] * 32)).decode()).open(sealed, "here")


def test_the_same_bytes_never_look_the_same() -> None:
    assert SEAL.close(b"secret", "here") != SEAL.close(b"secret", "here")


@pytest.mark.parametrize("key", ["", "not base64!", base64.b64encode(bytes(31)).decode()])
def test_a_key_is_32_bytes_in_base64(key: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        Seal.from_base64(key)
