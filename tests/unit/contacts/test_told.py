"""What is told bit by bit comes to the same as what is told at once; what is sealed opens for its member alone."""

from __future__ import annotations

from itertools import count
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.contacts.addresses import CheckedAddress
from libs.contacts.told import Told, ToldAddress, ToldPerson, fits_country, fits_language, fits_zone, together
from libs.contacts.vault import Vault, open_key
from libs.runtime.seal import SealBroken

ANNA, EVA = (1, 1, UUID(int=1)), (1, 1, UUID(int=2))
TOLD = st.lists(
    st.builds(
        lambda name, channel, address, gone: Told(
            ToldPerson(given_name=name), (ToldAddress(CheckedAddress(channel, address, address), gone),)
        ),
        st.sampled_from([None, "", "Anna"]),
        st.sampled_from(["email", "push"]),
        st.sampled_from("abc"),
        st.booleans(),
    ),
    max_size=6,
)


def kept(places: set[tuple[str, str]], told: Told) -> set[tuple[str, str]]:
    """What the vault has after it was told: the rule of `vault.save_contacts`."""
    gone = {(each.address.channel, each.address.identity) for each in told.addresses if each.gone}
    come = {(each.address.channel, each.address.identity) for each in told.addresses if not each.gone}
    return {place for place in places - gone if not told.replaces(place[0])} | come


@settings(max_examples=80)
@given(TOLD, st.sets(st.tuples(st.sampled_from(["email", "push"]), st.sampled_from("abc"))))
def test_together_is_one_after_the_other(told: list[Told], before: set[tuple[str, str]]) -> None:
    one_by_one = before
    for each in told:
        one_by_one = kept(one_by_one, each)
    assert kept(before, together(told)) == one_by_one
    names = [each.person.given_name for each in told if each.person and each.person.given_name is not None]
    person = together(told).person
    assert (person and person.given_name) == (names[-1] if names else None)


def test_what_is_sealed_opens_for_its_member_and_place_alone() -> None:
    numbers = count(1)
    vault = Vault.from_seal_key(b"k" * 32)
    vault = Vault(vault.seal, vault.digest_key, lambda size: bytes([next(numbers)]) * size)
    anna, eva = vault.new_key(ANNA), vault.new_key(EVA)
    seal = open_key(ANNA, anna, vault.seal)
    sealed = seal.close("Anna", "given_name")
    assert seal.open(sealed, "given_name") == "Anna"
    with pytest.raises(SealBroken):
        seal.open(sealed, "family_name")
    with pytest.raises(SealBroken):
        open_key(EVA, eva, vault.seal).open(sealed, "given_name")
    with pytest.raises(SealBroken):
        open_key(EVA, anna, vault.seal)


def test_a_digest_knows_a_place_on_its_channel() -> None:
    vault, other = Vault.from_seal_key(b"k" * 32), Vault.from_seal_key(b"o" * 32)
    email = CheckedAddress("email", "Anna@x.de", "anna@x.de")
    assert vault.digest(email) == vault.digest(CheckedAddress("email", "ANNA@x.de", "anna@x.de"))
    assert vault.digest(email) != vault.digest(CheckedAddress("http", "anna@x.de", "anna@x.de"))
    assert vault.digest(email) != other.digest(email)


def test_languages_zones_and_countries_have_their_forms() -> None:
    assert all(map(fits_language, ["cs", "cs-CZ", "zh-Hant-TW", "es-419"]))
    assert not any(map(fits_language, ["", "CS", "cs_CZ", "english", "cs-cz", "cs\n"]))
    assert fits_zone("Europe/Prague")
    assert not any(map(fits_zone, ["", "Prague", "../etc/passwd", "Europe"]))
    assert fits_country("CZ")
    assert not any(map(fits_country, ["", "cz", "CZE"]))
