"""API keys in text and at rest."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

import pytest

from libs.runtime.api_keys import SCOPES, digest, mint, present

NOW = datetime(2024, 3, 1, tzinfo=UTC)


def test_a_minted_key_is_known_again_and_nothing_of_it_is_stored() -> None:
    text, key = mint(7, "till", ["points:read", "members:read"], NOW, os.urandom)
    presented = present(text)
    assert presented is not None
    assert presented.key_id == key.key_id
    assert presented.matches(key.digest)
    assert key.digest == digest(text)
    assert len(key.digest) == 32
    assert text.rpartition("_")[2] not in repr(key)
    assert (key.tenant_id, key.scopes) == (7, ("members:read", "points:read"))
    assert mint(7, "till", SCOPES, NOW, os.urandom)[0] != text


def test_the_secret_has_256_bits() -> None:
    asked: list[int] = []

    def random(size: int) -> bytes:
        asked.append(size)
        return os.urandom(size)

    text, _ = mint(1, "till", ["admin"], NOW, random, mode="live")
    assert asked == [8, 32]
    assert text.startswith("ly_live_")
    assert len(bytes.fromhex(text.rpartition("_")[2])) == 32


def test_what_it_may_and_until_when() -> None:
    _, key = mint(1, "till", ["points:read"], NOW, os.urandom, expires_at=NOW + timedelta(days=1))
    assert key.allows("points:read")
    assert not key.allows("members:read")
    assert mint(1, "boss", ["admin"], NOW, os.urandom)[1].allows("members:read")
    assert key.usable(NOW)
    assert not key.usable(NOW + timedelta(days=1))


@pytest.mark.parametrize("scopes", [[], ["points:write"], ["points:read", ""]])
def test_only_scopes_that_exist(scopes: list[str]) -> None:
    with pytest.raises(ValueError, match="allowed: members:read"):
        mint(1, "till", scopes, NOW, os.urandom)


@pytest.mark.parametrize(
    "text",
    ["", "ly_test_", "ly_prod_" + "0" * 16 + "_" + "0" * 64, "ly_test_" + "0" * 16 + "_" + "0" * 63,
     "ly_test_" + "0" * 16 + "_" + "0" * 64 + "\n", "ly_test_" + "G" * 16 + "_" + "0" * 64],
)  # fmt: skip
def test_what_can_be_no_key(text: str) -> None:
    assert present(text) is None
