"""What an agency sends: a ZIP archive of one HTML or MJML page and its images, read with care. Pure."""

from __future__ import annotations

import io
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from html import unescape
from pathlib import PurePosixPath

from libs.design.faults import Fault
from libs.messages.template import TemplateInvalid
from libs.templates.images import MOST_BYTES, Image, image_of

MOST_PACKED = 10 * 1024 * 1024
MOST_UNPACKED = 25 * 1024 * 1024
MOST_FILES = 200
MOST_PAGE = 200_000

_IGNORED = re.compile(r"(^|/)(__MACOSX/|\.DS_Store$|Thumbs\.db$|\.git)")
# Nothing is tried twice here: a page may be written so that it takes for ever otherwise, and all others wait meanwhile.
_REFERENCE = re.compile(
    r"""(?P<before>\b(?:src|background)\s*+=\s*+)(?P<quote>["'])(?P<path>[^"'{}]*+)(?P=quote)"""
    r"""|(?P<url>url\(\s*+)(?P<mark>["']?+)(?P<place>[^"'(){}]++)(?P=mark)\s*+\)""",
    re.IGNORECASE,
)
_ELSEWHERE = re.compile(r"(?:[a-z][a-z0-9+.-]*:|//|#)", re.IGNORECASE)
_TITLE = re.compile(r"<(?:mj-)?title[^<>]*+>", re.IGNORECASE)
_TITLE_END = re.compile(r"</(?:mj-)?title>", re.IGNORECASE)
_QUOTED = re.compile(r"(?:%[0-9a-fA-F]{2})+")
_PORTION = 64 * 1024
# The others give all that a portion holds at once, however much that is: one of bzip2 may hold gigabytes.
_PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


@dataclass(frozen=True, slots=True)
class Bundle:
    """What was read: the parts of a template, and the images that it shows."""

    parts: dict[str, str]
    images: tuple[Image, ...]


def unpacked(archive: bytes, address: Callable[[Image], str]) -> Bundle:
    """Read an archive; `address` says where an image will be found, and takes the place of its path in the page.

    A `.txt` file, if there is one, is the text of the message; without it the text is made of the HTML.

    Raises:
        TemplateInvalid: with every fault that was found, each with the file's path.
    """
    files = _files(archive)
    page = _page(files)
    base = PurePosixPath(page).parent
    images: dict[str, Image] = {}
    faults: list[Fault] = []
    texts: list[str] = []
    for path, content in files.items():
        if path == page:
            continue
        if path.lower().endswith(".txt"):
            texts.append(path)
        elif (image := image_of(content)) is None:
            faults.append(Fault(path, "it is no PNG, JPEG, GIF or WebP image, no text and not the page"))
        elif len(content) > MOST_BYTES:
            faults.append(Fault(path, f"an image may have {MOST_BYTES // 1024 // 1024} MiB"))
        else:
            images[path] = image
    if len(texts) > 1:
        faults.append(Fault(texts[1], f"there is more than one text: {texts[0]} too"))
    shown: dict[str, Image] = {}
    source = _REFERENCE.sub(_to_addresses(base, images, shown, address, faults), _text(page, files[page], faults))
    parts = {"mjml" if page.lower().endswith(".mjml") else "html": source}
    if texts:
        parts["text"] = _text(texts[0], files[texts[0]], faults)
    if (title := _title(source)) is not None:
        parts["title"] = title
    if faults:
        raise TemplateInvalid(tuple(faults))
    return Bundle(parts, tuple(dict.fromkeys(shown.values())))


def _files(archive: bytes) -> dict[str, bytes]:
    if len(archive) > MOST_PACKED:
        raise _refused("archive", f"it may have {MOST_PACKED // 1024 // 1024} MiB")
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as opened:
            entries = [
                entry for entry in opened.infolist() if not entry.is_dir() and not _IGNORED.search(entry.filename)
            ]
            if len(entries) > MOST_FILES:
                raise _refused("archive", f"it may have {MOST_FILES} files, and has {len(entries)}")
            files: dict[str, bytes] = {}
            left = MOST_UNPACKED
            for entry in entries:
                _check_path(entry, files)
                files[entry.filename] = _content(opened, entry, left)
                left -= len(files[entry.filename])
            return files
    except TemplateInvalid:
        raise
    except (
        zipfile.BadZipFile,
        zlib.error,
        struct.error,
        EOFError,
        IndexError,
        NotImplementedError,
        OSError,
        RuntimeError,
        ValueError,
    ) as error:
        # zipfile tells an encrypted file by a RuntimeError, a method that it does not know by NotImplementedError, a
        # place before the beginning by a ValueError, and a file without a name by an IndexError
        raise _refused("archive", f"it can't be read: {error}") from None


def _check_path(entry: zipfile.ZipInfo, files: dict[str, bytes]) -> None:
    name = entry.filename
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name or ":" in name or not name.isprintable():
        raise _refused("archive", "a path leads out of it")
    if stat.S_ISLNK(entry.external_attr >> 16):
        raise _refused(name, "it is a link")
    if name in files:
        raise _refused(name, "it is there twice")
    if entry.compress_type not in _PACKED:
        raise _refused(name, "it is packed in a way that is not read; a usual archive is packed by deflate")


def _content(opened: zipfile.ZipFile, entry: zipfile.ZipInfo, most: int) -> bytes:
    """Unpack a file, no further than it may go, whatever its header says."""
    content = bytearray()
    with opened.open(entry) as stream:
        while portion := stream.read(_PORTION):
            content += portion
            if len(content) > most:
                raise _refused("archive", f"unpacked it may have {MOST_UNPACKED // 1024 // 1024} MiB")
    return bytes(content)


def _page(files: dict[str, bytes]) -> str:
    pages = [path for path in files if path.lower().endswith((".html", ".htm", ".mjml"))]
    if len(pages) > 1:
        named = [path for path in pages if PurePosixPath(path).stem.lower() == "index"]
        pages = named if len(named) == 1 else pages
    if not pages:
        raise _refused("archive", "there is no HTML or MJML page in it")
    if len(pages) > 1:
        raise _refused(pages[1], f"there is more than one page: {pages[0]} too; call the one that is meant index.html")
    if len(files[pages[0]]) > MOST_PAGE:
        raise _refused(pages[0], f"a page may have {MOST_PAGE:,} bytes")
    return pages[0]


def _title(page: str) -> str | None:
    """Return the title of a page; None where it has none."""
    begun = _TITLE.search(page)
    ended = None if begun is None else _TITLE_END.search(page, begun.end())
    if begun is None or ended is None:
        return None
    return " ".join(_unescaped(page[begun.end() : ended.start()]).split())


def _text(path: str, content: bytes, faults: list[Fault]) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        faults.append(Fault(path, f"it is no UTF-8, from byte {error.start} on"))
        return ""


def _to_addresses(
    base: PurePosixPath,
    images: dict[str, Image],
    shown: dict[str, Image],
    address: Callable[[Image], str],
    faults: list[Fault],
) -> Callable[[re.Match[str]], str]:
    def replaced(found: re.Match[str]) -> str:
        path = (found["path"] if found["path"] is not None else found["place"]).strip()
        if not path or _ELSEWHERE.match(path):
            return found[0]
        place = _joined(base, _unquoted(_unescaped(path)))
        if (image := images.get(place)) is None:
            faults.append(Fault(path[:100], "the page shows it, and it is not in the archive"))
            return found[0]
        shown[place] = image
        if found["path"] is not None:
            return f"{found['before']}{found['quote']}{address(image)}{found['quote']}"
        return f"{found['url']}{found['mark']}{address(image)}{found['mark']})"

    return replaced


def _unescaped(text: str) -> str:
    """Read a text as HTML means it; one with a number that is none stays as it is, and is refused when compiled."""
    try:
        return unescape(text)
    except ValueError:  # a number of more digits than Python reads
        return text


def _unquoted(path: str) -> str:
    """Read percent signs as pages write them: `a%20b.png`."""
    return _QUOTED.sub(lambda run: bytes.fromhex(run[0].replace("%", "")).decode(errors="replace"), path)


def _joined(base: PurePosixPath, path: str) -> str:
    steps = list(base.parts)
    for step in path.split("/"):
        if step == ".." and steps:
            steps.pop()
        elif step not in ("", ".", ".."):
            steps.append(step)
    return "/".join(steps)


def _refused(path: str, reason: str) -> TemplateInvalid:
    return TemplateInvalid((Fault(path, reason),))
