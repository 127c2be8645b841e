"""Codes as pictures, on sheets and as wallet passes: what a scanner reads is the code."""

from __future__ import annotations

import re
import struct
import zlib
from datetime import UTC, datetime

import pytest
from barcode import get_barcode_class

from libs.codes.passes import Pass, pass_data
from libs.codes.pictures import Form, Kind, NotDrawn, picture
from libs.codes.sheet import Sheet, sheet

CODE = "SPRING-3F7K-9QRT"
ENDS = datetime(2024, 4, 1, tzinfo=UTC)


def bars(png: bytes) -> str:
    """The modules of a bar code in a PNG of ours: one row of it, a digit for three pixels."""
    size = struct.unpack(">I", png[16:20])[0]
    at = png.index(b"IDAT")
    length = struct.unpack(">I", png[at - 4 : at])[0]
    row = zlib.decompress(png[at + 4 : at + 4 + length])[1 : size + 1]
    return "".join("1" if row[pixel] == 0 else "0" for pixel in range(0, size, 3))


@pytest.mark.parametrize("form", ["svg", "png"])
@pytest.mark.parametrize("kind", ["qr", "code128"])
def test_the_same_text_gives_the_same_picture_and_another_text_another(kind: Kind, form: Form) -> None:
    drawn = picture("SPRING3F7K9QRT", kind, form)
    assert drawn == picture("SPRING3F7K9QRT", kind, form) != picture("SPRING3F7K9QRX", kind, form)
    assert drawn.startswith(b"\x89PNG" if form == "png" else b"<svg")


def test_bars_are_those_of_the_code_in_both_forms() -> None:
    wanted = get_barcode_class("code128")("SPRING3F").build()[0]
    png = bars(picture("SPRING3F", "code128", "png"))
    assert png.strip("0") == wanted.strip("0")
    assert png.startswith("0" * 11)
    svg = picture("SPRING3F", "code128", "svg").decode()
    drawn = ["0"] * len(png)
    for start, width in re.findall(r"M(\d+) 0h(\d+)v120h-\d+z", svg):
        drawn[int(start) // 3 : (int(start) + int(width)) // 3] = "1" * (int(width) // 3)
    assert "".join(drawn) == png


def test_what_can_not_be_drawn_is_told() -> None:
    assert picture("4006381333931", "ean13", "svg") == picture("400638133393", "ean13", "svg").replace(
        b"400638133393", b"4006381333931"
    )
    for wrong in ("4006381333930", "ABC", "12"):
        with pytest.raises(NotDrawn):
            picture(wrong, "ean13", "png")
    with pytest.raises(NotDrawn):
        picture("ü", "code128", "svg")


def test_a_sheet_has_every_code_and_nothing_that_runs() -> None:
    page = "".join(sheet([CODE, "<script>"], Sheet("<b>Spring</b>", "until May", "de")))
    assert page.startswith('<!doctype html><html lang="de">')
    assert page.count("<svg") == 2
    assert CODE in page
    assert "<script" not in page
    assert "<b>Spring" not in page
    assert page.count("until May") == 2


def test_passes_say_what_wallets_ask_for() -> None:
    coupon = Pass("5b1c", CODE, "Spring", "Acme", ENDS)
    apple, google = pass_data("apple", coupon), pass_data("google", coupon)
    assert apple["barcodes"][0]["message"] == google["barcode"]["value"] == "SPRING3F7K9QRT"
    assert ("coupon" in apple, apple["expirationDate"]) == (True, "2024-04-01T00:00:00+00:00")
    card = Pass("3c9d", "4821-0093", "Gift card", "Acme", None, 1_990, "JPY")
    assert pass_data("apple", card)["storeCard"]["primaryFields"][0]["value"] == 1_990
    assert pass_data("google", card)["balance"] == {"micros": "1990000000", "currencyCode": "JPY"}
    euro = pass_data("google", card._replace(currency="EUR"))
    assert euro["balance"] == {"micros": "19900000", "currencyCode": "EUR"}
    assert "validTimeInterval" not in euro
