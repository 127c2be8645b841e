"""How codes are made and read: by chance alone, and so that what is mistyped is found."""

from __future__ import annotations

import itertools
import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.codes.guessing import ODDS, guessable
from libs.codes.keeping import CodeKeeper
from libs.codes.names import CodeNames
from libs.codes.pattern import ALPHABETS, Pattern, canonical
from libs.runtime.seal import SealBroken

PATTERNS = st.builds(
    Pattern,
    prefix=st.sampled_from(["", "SPRING", "X1"]),
    alphabet=st.sampled_from(list(ALPHABETS)),
    length=st.integers(4, 20),
    group=st.integers(0, 6),
)
KEEPER = CodeKeeper.from_base64("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")


def codes_of(pattern: Pattern, many: int, seed: int = 1) -> list[str]:
    return list(pattern.generate(many, random.Random(seed).randbytes))


@given(PATTERNS, st.integers(0, 2**32), st.data())
@settings(max_examples=60, deadline=None)
def test_what_is_shown_is_read_again_however_it_is_typed(pattern: Pattern, seed: int, data: st.DataObject) -> None:
    assert pattern.wrong() is None
    (code,) = codes_of(pattern, 1, seed)
    shown = pattern.shown(code)
    typed = data.draw(
        st.sampled_from([shown, shown.lower(), shown.replace("-", " "), f" {code}\t", "\u2013".join(shown)])
    )
    assert canonical(typed) == code
    assert pattern.fits(canonical(typed))
    assert KEEPER.names.of(1, typed) == KEEPER.names.of(1, code) != KEEPER.names.of(2, code)


@pytest.mark.parametrize("alphabet", list(ALPHABETS))
@pytest.mark.parametrize("length", [4, 20])
def test_every_wrong_character_and_every_swap_of_neighbours_is_found(alphabet: str, length: int) -> None:
    pattern = Pattern(alphabet=alphabet, length=length)  # type: ignore[arg-type]  # a key of ALPHABETS
    for code in codes_of(pattern, 20):
        for place, symbol in itertools.product(range(len(code)), pattern.symbols):
            if symbol != code[place]:
                assert not pattern.fits(code[:place] + symbol + code[place + 1 :])
        for place, (one, other) in enumerate(itertools.pairwise(code)):
            if one != other:
                assert not pattern.fits(code[:place] + other + one + code[place + 2 :])


def test_every_character_is_as_likely_as_any_other() -> None:
    for alphabet in ALPHABETS:
        pattern = Pattern(alphabet=alphabet, length=20, checked=False)
        drawn = Counter("".join(codes_of(pattern, 2_000)))
        expected = 40_000 / len(pattern.symbols)
        chi = sum((drawn[symbol] - expected) ** 2 / expected for symbol in pattern.symbols)
        assert chi < 3 * len(pattern.symbols), drawn


def test_chance_is_asked_for_what_it_gives_and_nothing_else_decides() -> None:
    assert codes_of(Pattern(), 500, 7) == codes_of(Pattern(), 500, 7) != codes_of(Pattern(), 500, 8)
    assert len(set(codes_of(Pattern(), 5_000))) == 5_000
    limit = iter([bytes([255] * 10), bytes(range(100))])
    (code,) = Pattern(alphabet="digits", length=4, checked=False).generate(1, lambda _: next(limit))
    assert code == "0123", "bytes beyond the last whole multiple of ten would make some digits likelier"


def test_a_pool_that_could_be_guessed_is_refused_with_what_would_do() -> None:
    short = Pattern(length=6)
    why = guessable(short, 1_000_000)
    assert why is not None
    assert why.length == 10
    assert "10 random characters" in why.detail
    assert guessable(Pattern(length=10), 1_000_000) is None
    hopeless = guessable(Pattern(alphabet="digits", length=20), 10**20 // ODDS + 1)
    assert hopeless is not None
    assert hopeless.length is None


@given(st.text(max_size=90))
@settings(max_examples=60, deadline=None)
def test_whatever_is_typed_can_be_read(typed: str) -> None:
    read = canonical(typed)
    assert len(read) <= 64
    assert canonical(read) == read or not read.isascii(), "reading again finds nothing new"


def test_what_is_no_pattern_is_told() -> None:
    for wrong in (Pattern(prefix="lower"), Pattern(length=3), Pattern(length=21), Pattern(group=-1)):
        assert wrong.wrong() is not None


def test_what_is_stored_gives_the_code_to_whoever_has_the_key_alone() -> None:
    kept = KEEPER.close(1, "SPRING-3F7K")
    assert kept.code_id == CodeNames.from_seal_key(bytes(32)).of(1, "spring 3f7k")
    assert b"3F7K" not in kept.sealed
    assert KEEPER.open(1, kept.code_id, kept.sealed) == "SPRING-3F7K"
    other = KEEPER.close(1, "SPRING-3F7X")
    with pytest.raises(SealBroken):
        KEEPER.open(1, other.code_id, kept.sealed)
    assert CodeNames.from_seal_key(b"\1" * 32).of(1, "SPRING-3F7K") != kept.code_id
