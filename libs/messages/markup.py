"""HTML with gaps: what may be in it, and the text that says the same.

Gaps are found by the lexer of Jinja2 and replaced by marks that no HTML has, so that HTML is read as HTML and no gap
is taken for something else; afterwards they are put back.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html.parser import HTMLParser

from jinja2 import Environment

from libs.design.faults import Fault

# Plain letters: whoever reads HTML or MJML leaves them alone, in a text and in an attribute.
_OPEN, _CLOSE = "zq7gap", "gapq7z"
_MARK = re.compile(f"{_OPEN}(\\d+){_CLOSE}")

_FORBIDDEN = frozenset(
    ("script", "iframe", "frame", "frameset", "object", "embed", "applet", "form", "input", "button", "textarea")
) | {"select", "base", "link"}
_ADDRESSES = frozenset(("href", "src", "background", "action", "formaction", "poster", "cite", "data"))
_ADDRESS = re.compile(r"(?:https?://|mailto:|tel:|#|cid:)", re.IGNORECASE)
_HIDDEN = frozenset(("head", "style", "title"))
_VOID = frozenset(("area", "br", "col", "hr", "img", "input", "meta", "source", "track", "wbr", "link", "base"))
_BLOCKS = frozenset(
    ("p", "div", "table", "tr", "ul", "ol", "li", "h1", "h2", "h3", "h4", "h5", "h6", "section", "article", "header")
) | {"footer", "blockquote", "br", "hr"}

# What a "<" begins where it is whole. The reader of Python goes over the rest of a page again for each that is not.
_WHOLE = re.compile(
    r"""<(?:/[a-z][^<>]*+|/?[a-z][^\s/<>]*+(?:[\s/]++|[^\s/<>="']++(?:\s*+=\s*+(?:"[^"<]*+"|'[^'<]*+'|[^\s<>"']++))?+)*+"""
    r"""|!doctype\b[^<>]*+|!\[[a-z][^<>]*+\]|\?[^<>]*+)>""",
    re.IGNORECASE,
)
_BEGINS = re.compile(r"<(?:[a-z/?]|!(?:--)?)", re.IGNORECASE)
_SECTION = re.compile(r"<!\[(?!(?:if|else|endif|temp|cdata|ignore|include|rcdata)(?![-_.a-z0-9]))", re.IGNORECASE)
_ENDLESS = re.compile(r"&#[0-9]{9}")
_MOST_BROKEN = 50


@dataclass(frozen=True, slots=True)
class Marked:
    """A template whose gaps are marks: `gaps` are their texts, of which the `shown` ones write something out."""

    text: str
    gaps: tuple[str, ...]
    shown: tuple[int, ...]

    def restored(self, text: str) -> str:
        """Put the gaps back into what was made of the marked text."""
        return _MARK.sub(lambda mark: self.gaps[int(mark[1])], text)


def marked(source: str, environment: Environment) -> Marked:
    """Replace the gaps of a template by marks.

    Raises:
        jinja2.TemplateSyntaxError: it can't be read.
        ValueError: it has letters that marks are made of, or a raw block.
    """
    if _OPEN in source or _CLOSE in source:
        raise ValueError("it has the letters of a mark")
    text: list[str] = []
    gaps: list[str] = []
    shown: list[int] = []
    gap = ""
    for _, kind, value in environment.lex(source):
        if kind == "data" and not gap:
            text.append(value)
            continue
        if kind == "raw_begin":
            raise ValueError("a template can't have 'raw'")
        if kind == "variable_begin":
            shown.append(len(gaps))
        gap += value
        if kind in ("variable_end", "block_end", "comment_end", "raw_end"):
            text.append(f"{_OPEN}{len(gaps)}{_CLOSE}")
            gaps.append(gap)
            gap = ""
    return Marked("".join(text), tuple(gaps), tuple(shown))


def check_tags(html: Marked) -> None:
    """Let HTML pass that can be read, in a time that grows with its length and no faster.

    Raises:
        ValueError: too many of its tags have no end, or it has a section or a character that HTML does not know.
    """
    if found := _ENDLESS.search(html.text):
        raise ValueError(f"{found[0]} is no character that HTML knows")
    if found := _SECTION.search(html.text):
        raise ValueError(f"{html.text[found.start() : found.start() + 20]} is no section that HTML knows")
    last, broken = html.text.rfind("-->"), 0
    for found in _BEGINS.finditer(html.text):
        whole = found.start() < last if found[0] == "<!--" else _WHOLE.match(html.text, found.start())
        broken += not whole
        if broken > _MOST_BROKEN:
            raise ValueError(f"more than {_MOST_BROKEN} of its tags have no end")


def faults_of(html: Marked, kinds: Sequence[str], part: str) -> tuple[Fault, ...]:
    """Find what must not be in HTML that members are sent; `kinds` are those of what is written out, in its order."""
    reader = _Checking(part, dict(zip(html.shown, kinds, strict=True)))
    reader.feed(html.text)
    reader.close()
    return tuple(reader.faults)


def text_of(html: Marked) -> str:
    """Make a text template that says what an HTML template says, with the addresses of its links."""
    reader = _Telling(frozenset(html.shown))
    reader.feed(html.text)
    reader.close()
    return html.restored(reader.told())


class _Checking(HTMLParser):
    def __init__(self, part: str, kinds: dict[int, str]) -> None:
        super().__init__(convert_charrefs=True)
        self._part = part
        self._kinds = kinds
        self._inside = ""
        self.faults: list[Fault] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._inside = tag
        if tag in _FORBIDDEN:
            self._fault(f"<{tag}> is not for messages")
        if _OPEN in tag:
            self._fault("a gap can't be the name of an element")
        for name, value in attrs:
            self.faults += [Fault(self._where(), reason) for reason in self._attribute(name, value or "")]

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside == "style" and _OPEN in data:
            self._fault("a gap can't be in a style")

    def _attribute(self, name: str, value: str) -> Iterator[str]:
        if _OPEN in name:
            yield "a gap stands in an element outside of a quoted attribute"
        elif name.startswith("on"):
            yield f"{name} is a script, which is not for messages"
        elif name == "http-equiv" and value.lower() == "refresh":
            yield "a message does not lead elsewhere by itself"
        elif name in ("style", "srcset", "srcdoc") and _OPEN in value:
            yield f"a gap can't be in {name}"
        elif name in _ADDRESSES:
            yield from self._address(name, value.strip())

    def _address(self, name: str, value: str) -> Iterator[str]:
        if mark := _MARK.fullmatch(value):
            if self._kinds.get(int(mark[1])) != "url":
                yield f"{name} takes a variable that is a url"
        elif _OPEN in value:
            yield f"{name} is one gap alone, or has none"
        elif value and not _ADDRESS.match(value):
            yield f"{name} begins with https://, http://, mailto: or tel:"

    def _where(self) -> str:
        return f"{self._part}:{self.getpos()[0]}"

    def _fault(self, reason: str) -> None:
        self.faults.append(Fault(self._where(), reason))


class _Telling(HTMLParser):
    def __init__(self, shown: frozenset[int]) -> None:
        super().__init__(convert_charrefs=True)
        self._shown = shown
        self._parts: list[str] = []
        self._hidden = 0
        self._links: list[tuple[str, int]] = []

    def told(self) -> str:
        lines = [self._begun(" ".join(line.split())) for line in "".join(self._parts).split("\n")]
        text = re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
        return "\n".join([self._ended(line) for line in text.split("\n")])

    def _begun(self, line: str) -> str:
        """Take away the spaces behind tags that begin a line."""
        at = 0
        while (mark := _MARK.match(line, at)) and int(mark[1]) not in self._shown:
            at = mark.end()
            line = line[:at] + line[at:].lstrip()
        return line

    def _ended(self, line: str) -> str:
        """Add the end of a line that filling takes away behind a tag, unless there are only tags on it."""
        marks = [*_MARK.finditer(line)]
        if not marks or marks[-1].end() < len(line) or int(marks[-1][1]) in self._shown:
            return line
        alone = not _MARK.sub("", line) and not any(int(mark[1]) in self._shown for mark in marks)
        return line if alone else line + "\n"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        for value in values.values():
            self._controls(value)
        hidden = tag in _HIDDEN or self._hidden or _is_unseen(values.get("style", ""))
        if hidden and tag not in _VOID:
            self._hidden += 1
        elif not hidden:
            self._start(tag, values)

    def handle_endtag(self, tag: str) -> None:
        if self._hidden:
            self._hidden -= tag not in _VOID
        elif tag == "a" and self._links:
            href, since = self._links.pop()
            said = "".join(self._parts[since:])
            label = said.strip()
            if href and not href.startswith("#") and href.removeprefix("mailto:") != label:
                self._parts[since:] = [said.rstrip(), f": {href}"] if label else [said, href]
        elif tag in _BLOCKS:
            self._parts.append("\n\n" if tag in ("p", "table", "h1", "h2", "h3") else "\n")

    def handle_data(self, data: str) -> None:
        if self._hidden:
            self._controls(data)
        else:
            self._parts.append(re.sub(r"\s+", " ", data))

    def handle_comment(self, data: str) -> None:
        self._controls(data)

    def _start(self, tag: str, values: dict[str, str]) -> None:
        if tag == "a":
            self._links.append((values.get("href", ""), len(self._parts)))
        elif tag == "img" and (alt := values.get("alt", "").strip()):
            self._parts.append(f" {alt} " if not _MARK.search(alt) or self._is_shown(alt) else "")
        elif tag == "li":
            self._parts.append("\n- ")
        elif tag in _BLOCKS:
            self._parts.append("\n")

    def _is_shown(self, text: str) -> bool:
        return all(int(mark) in self._shown for mark in _MARK.findall(text))

    def _controls(self, text: str) -> None:
        """Keep the tags that govern other gaps, wherever they stand; what they would write out here is left out."""
        self._parts += [f"{_OPEN}{mark}{_CLOSE}" for mark in _MARK.findall(text) if int(mark) not in self._shown]


def _is_unseen(style: str) -> bool:
    compact = style.replace(" ", "").lower()
    return "display:none" in compact or "visibility:hidden" in compact
