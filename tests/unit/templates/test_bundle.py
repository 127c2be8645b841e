"""What an agency sends is read with care: paths, sizes, types, and images by their bytes."""

from __future__ import annotations

import io
import stat
import struct
import zipfile

import pytest

from libs.messages.compiling import compiled
from libs.messages.template import Template, TemplateInvalid
from libs.templates.bundle import MOST_FILES, MOST_PAGE, MOST_UNPACKED, Bundle, unpacked
from libs.templates.images import Image, image_of

PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)
GIF = b"GIF89a" + bytes(20)
PAGE = "<html><head><title>Spring &amp; you</title></head><body>{}</body></html>"


def archive(files: dict[str, bytes | str], **how: int) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as opened:
        for path, content in files.items():
            entry = zipfile.ZipInfo(path)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = how.get(path, 0)
            opened.writestr(entry, content)
    return packed.getvalue()


def address(image: Image) -> str:
    return f"https://x.example/media/{image.digest}"


def read(files: dict[str, bytes | str]) -> Bundle:
    return unpacked(archive(files), address)


def fault(packed: bytes) -> str:
    with pytest.raises(TemplateInvalid) as refused:
        unpacked(packed, address)
    return str(refused.value)


def test_a_page_with_images_becomes_a_template() -> None:
    html = PAGE.format(
        "<img src='images/a%20b.png' alt='Spring'><img src=\"./images/a%20b.png\">"
        '<td background="../mail/images/c.gif" style="background:url(images/c.gif)">'
        '<img src="https://cdn.example/x.png"><img src="cid:logo">{{ given_name or "you" }}'
    )
    found = read({
        "mail/index.html": "\ufeff" + html,
        "mail/images/a b.png": PNG,
        "mail/images/c.gif": GIF,
        "mail/text.txt": "Hello {{ programme }}",
        "__MACOSX/mail/._index.html": b"\x00\x05",
        "mail/.DS_Store": b"\x00",
    })  # fmt: skip
    png, gif = image_of(PNG), image_of(GIF)
    assert png is not None
    assert gif is not None
    assert found.images == (png, gif)
    assert found.parts["title"] == "Spring & you"
    assert found.parts["text"] == "Hello {{ programme }}"
    assert found.parts["html"].count(address(png)) == 2
    assert f'background="{address(gif)}"' in found.parts["html"]
    assert f"url({address(gif)})" in found.parts["html"]
    assert 'src="https://cdn.example/x.png"' in found.parts["html"]
    assert compiled(Template("spring", "en", "email", found.parts)).text == "Hello {{ programme }}"


def test_mjml_is_taken_too() -> None:
    assert set(read({"a.mjml": "<mjml></mjml>"}).parts) == {"mjml"}


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({}, "archive: there is no HTML or MJML page in it"),
        ({"a.html": "", "b.html": ""}, "b.html: there is more than one page: a.html too"),
        ({"../a.html": ""}, "archive: a path leads out of it"),
        ({"/etc/a.html": ""}, "archive: a path leads out of it"),
        ({"c:\\a.html": ""}, "archive: a path leads out of it"),
        ({"a.html": PAGE, "x.js": "alert(1)"}, "x.js: it is no PNG, JPEG, GIF or WebP image"),
        ({"a.html": PAGE, "x.png": "<svg onload=alert(1)>"}, "x.png: it is no PNG"),
        ({"a.html": '<img src="x.png">'}, "x.png: the page shows it, and it is not in the archive"),
        ({"a.html": '<img src="../../x.png">'}, "../../x.png: the page shows it"),
        ({"a.html": b"\xff\xfe"}, "a.html: it is no UTF-8, from byte 0 on"),
        ({"a.html": "x" * 200_001}, "a.html: a page may have 200,000 bytes"),
        ({"a.html": "x", "b.txt": "a", "c.txt": "b"}, "c.txt: there is more than one text"),
        ({"a.html": "x", "b.png": PNG + bytes(2 * 1024 * 1024)}, "b.png: an image may have 2 MiB"),
        ({f"{number}.png": PNG for number in range(MOST_FILES + 1)}, "archive: it may have 200 files"),
    ],
)
def test_what_is_wrong_is_named(files: dict[str, bytes | str], reason: str) -> None:
    assert reason in fault(archive(files))


def test_a_bomb_is_stopped_whatever_its_header_says() -> None:
    packed = bytearray(archive({"a.html": "x", "b.png": bytes(MOST_UNPACKED + 1)}))
    assert len(packed) < 100_000
    assert "archive: unpacked it may have 25 MiB" in fault(bytes(packed))
    at = packed.rindex(b"PK\x01\x02")  # the last file in the list of contents
    packed[at + 24 : at + 28] = struct.pack("<I", 10)
    assert "archive: " in fault(bytes(packed))


@pytest.mark.parametrize("way", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_what_cannot_be_unpacked_little_by_little_is_refused(way: int) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", way) as opened:
        opened.writestr("a.html", "x")
    assert "a.html: it is packed in a way that is not read" in fault(packed.getvalue())


def test_a_list_of_contents_that_leads_nowhere_is_refused() -> None:
    whole = archive({"a.html": "x"})
    at = whole.rindex(b"PK\x01\x02")
    assert "archive: it can't be read" in fault(whole[: at + 45] + b"\xff" + whole[at + 46 :])
    assert "archive: it can't be read" in fault(whole[: at + 28] + bytes(2) + whole[at + 30 :])
    end = whole.rindex(b"PK\x05\x06")
    assert "archive: it can't be read" in fault(whole[: end + 19] + b"\xff" + whole[end + 20 :])


@pytest.mark.parametrize("evil", ["<title>", "<title", "url(", "url(  ", "src  "])
def test_a_page_is_read_once_however_it_is_written(evil: str) -> None:
    """Each of these took minutes when it was begun anew at every place, and all others waited meanwhile."""
    page = "<p>" + evil * (MOST_PAGE // len(evil) - 1)
    assert read({"a.html": page}).parts == {"html": page}
    blanks = "<p style='background:url(" + " " * 100_000 + "'>"
    assert read({"a.html": blanks}).parts == {"html": blanks}


def test_a_number_that_is_no_character_is_left_as_it_is() -> None:
    endless = f"&#{'1' * 5_000};"
    assert read({"a.html": f"<title>{endless}</title>"}).parts["title"] == endless
    assert "it is not in the archive" in fault(archive({"a.html": f"<img src='{endless}'>"}))


def test_links_and_broken_archives_are_refused() -> None:
    link = stat.S_IFLNK << 16
    assert "a.html: it is a link" in fault(archive({"a.html": "/etc/passwd"}, **{"a.html": link}))
    assert "archive: it can't be read" in fault(b"PK\x03\x04 no archive")
    whole = archive({"a.html": "<p>hello" * 100})
    assert "archive: it can't be read" in fault(whole.replace(whole[40:60], bytes(20)))
    assert "archive: it may have 10 MiB" in fault(bytes(10 * 1024 * 1024 + 1))


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (PNG, "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (GIF, "image/gif"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "image/webp"),
        (b"<svg/>", None),
        (b"<html>", None),
        (b"", None),
    ],
)
def test_an_image_is_known_by_its_bytes(content: bytes, media_type: str | None) -> None:
    found = image_of(content)
    assert (None if found is None else found.media_type) == media_type
