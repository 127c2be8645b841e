"""Letters: the address lies in the window and nothing else does; what can't be printed is left out and named."""

from __future__ import annotations

import base64
import io
import re
import zipfile
import zlib
from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from libs.deliveries.told import Captured, Told
from libs.design.qr import qr_picture
from libs.design.style import Brand, Look
from libs.letters import paper
from libs.letters.batch import print_letters
from libs.letters.letter import LeftOut, Letter, lines_of, plain
from libs.letters.telling import letter_of, logos_of

LOGO, PICTURE = qr_picture("Meadow")
LETTER = Letter(
    "1", "Frau\nŽofie Müller-Łęcka\nHauptstraße 12\n1010 Wien\nÖSTERREICH", "de", "Ihre Punkte verfallen",
    "Hallo Žofie,\n\nGrüße \u2013 „so“ für 5 €.", "Meadow", "Meadow GmbH, Ring 1, 1010 Wien", "1. März 2026",
    Look(logo=LOGO, legal=(("de", "Meadow GmbH\nFN 123"),)),
)  # fmt: skip
MM = 72 / 25.4


def pdf_of(*letters: Letter) -> bytes:
    out = io.BytesIO()
    printed = print_letters(letters, "pdf", out, {LOGO: PICTURE}, "Letters")
    assert printed.left_out == []
    return out.getvalue()


def places(pdf: bytes) -> list[tuple[float, float]]:
    """Where a text begins on any page, in millimetres from the left and the top."""
    found = []
    for stream in re.findall(rb"stream\r?\n(.*?)endstream", pdf, re.DOTALL):
        if stream.rstrip().endswith(b"~>"):
            try:
                content = zlib.decompress(base64.a85decode(stream.strip().removesuffix(b"~>"))).decode("latin-1")
            except ValueError:
                continue
            for left, bottom in re.findall(r"1 0 0 1 (\S+) (\S+) Tm", content):
                found.append((float(left) / MM, paper.HEIGHT - float(bottom) / MM))
    return found


def in_window(place: tuple[float, float]) -> bool:
    left, top = place[0] - paper.WINDOW_LEFT, place[1] - paper.WINDOW_TOP
    return 0 <= left <= paper.WINDOW_WIDTH and 0 <= top <= paper.WINDOW_HEIGHT


def test_the_address_lies_in_the_window_and_nothing_else_does() -> None:
    found = places(pdf_of(LETTER))
    shown = [place for place in found if in_window(place)]
    assert len(shown) == 1 + len(lines_of(LETTER.address))  # the line of the sender stands above
    assert all(abs(left - paper.LEFT) < 0.01 for left, _ in shown)
    assert shown[0][1] < shown[1][1] < shown[-1][1]
    assert min(top for _, top in found if top > shown[-1][1]) >= 98.46 > shown[-1][1]


def test_a_long_letter_has_more_pages_and_the_same_bytes_again() -> None:
    long = replace(LETTER, text="\n\n".join(["Lorem " * 60] * 12))
    pdf = pdf_of(LETTER, long)
    assert pdf.count(b"/Type /Page\n") + pdf.count(b"/Type /Page ") == 3
    assert pdf == pdf_of(LETTER, long)
    assert max(top for _, top in places(pdf)) <= paper.HEIGHT - 5
    endless = io.BytesIO()
    assert print_letters([replace(LETTER, text="x" * 20_000)], "pdf", endless, {}, "L").pages == paper.MOST_PAGES


def test_what_cannot_be_printed_is_left_out_and_named() -> None:
    wrong = {
        "address-missing": replace(LETTER, letter_id="2", address=" \n "),
        "address-too-long": replace(LETTER, letter_id="3", address="\n".join("1234567")),
        "letters-unknown": replace(LETTER, letter_id="4", text="\u041f\u0440"),
    }
    out = io.BytesIO()
    printed = print_letters([LETTER, *wrong.values()], "zip", out, {LOGO: b"no picture"}, "Letters")
    assert (printed.letters, printed.pages) == (1, 1)
    assert printed.left_out == [LeftOut(letter.letter_id, why) for why, letter in wrong.items()]
    with zipfile.ZipFile(out) as archive:
        assert archive.namelist() == ["1.pdf", "left-out.csv"]
        assert archive.read("1.pdf").startswith(b"%PDF-")
        listed = archive.read("left-out.csv").decode().splitlines()[1:]
        assert listed == [f"{each.letter_id},{why}" for why, each in wrong.items()]


def test_a_logo_that_is_damaged_keeps_no_letter_from_the_post() -> None:
    """Cut off in its middle, or of more dots than anybody reads; the sender's name stands in its place."""
    huge = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(huge, "PNG")
    for damaged in (PICTURE[: len(PICTURE) // 2], huge.getvalue()):
        assert print_letters([LETTER], "pdf", io.BytesIO(), {LOGO: damaged}, "Letters").letters == 1


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text(max_size=80), max_size=8), st.text(max_size=400))
def test_whatever_is_written_stays_on_the_sheet(address: list[str], text: str) -> None:
    out = io.BytesIO()
    printed = print_letters([replace(LETTER, address="\n".join(address), text=text)], "pdf", out, {}, "Letters")
    assert printed.letters + len(printed.left_out) == 1
    assert all(0 <= left <= paper.WIDTH and 0 <= top <= paper.HEIGHT for left, top in places(out.getvalue()))


def test_lines_are_composed_and_have_no_strange_spaces() -> None:
    assert plain("Mu\u0308ller\u2011Łęcka \u00a0 x\x00y") == "Müller-Łęcka x y"
    assert lines_of("a\r\n\r\n b ") == ("a", "b")


def test_a_message_becomes_a_letter_in_its_brands_look() -> None:
    told = Told(*[None] * len(Told.__dataclass_fields__))  # type: ignore[arg-type]  # only two of its fields are read
    told = replace(told, delivery_id=UUID(int=7), message="spring_sale")
    at = datetime(2026, 3, 1, 12, tzinfo=UTC)
    kept = Captured(told, at, "Vera\nRing 1\n1010 Wien", "Meadow", "de", "Titel", "Text", None, None, None)
    brand = Brand(Look(accent="#8a1f5c", logo=LOGO, legal=(("de", "Meadow GmbH, Wien\nFN 1"),)))
    letter = letter_of(kept, {"": brand})
    assert (letter.letter_id, letter.returns, letter.written) == (str(UUID(int=7)), "Meadow GmbH, Wien", "1. März 2026")
    assert logos_of([letter]) == {LOGO}
    assert letter_of(kept, {}).returns == "Meadow"
    assert at.date() == date(2026, 3, 1)
