"""Blocks as the parts of a template: MJML in a brand's look for an email, and the text of a letter. Pure.

What people type is text. Its gaps are left as they are and read later, like those of any other template.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from html import escape

from jinja2 import TemplateSyntaxError

from libs.design.blocks import Block, BlockKind, faults_of
from libs.design.faults import Fault
from libs.design.qr import qr_picture
from libs.design.style import Look
from libs.design.style_forms import GAP
from libs.messages import grammar, markup
from libs.messages.environment import environment, locale_of
from libs.messages.shipped.layout import filling, framed, proposals
from libs.messages.shipped.templates import frame_of, offer_points
from libs.messages.template import Template, TemplateInvalid

_SECTION = """\
    <mj-section css-class="card" background-color="{card}" border-radius="{corners}" padding="22px 0 26px">
      <mj-column>
{inside}
      </mj-column>
    </mj-section>"""
_HEADLINE = '<mj-text font-size="24px" line-height="1.25" font-weight="700">{text}</mj-text>'
_TEXT = "<mj-text>{text}</mj-text>"
_PICTURE = '<mj-image src="{src}" alt="{alt}" {href} padding="8px 28px" border-radius="{picture_radius}px" />'
_BUTTON = """\
<mj-button css-class="cta" href="{link}" background-color="{accent}" color="{on_accent}" font-size="17px" \
font-weight="600" border-radius="{button_radius}px" inner-padding="14px 28px" padding="18px 28px 10px">\
{text}</mj-button>"""
_POINTS = """\
<mj-raw>{{% if balance %}}</mj-raw>
<mj-text css-class="figure" align="center" font-size="38px" line-height="1.2" font-weight="700" padding="14px 28px 0">\
{{{{ balance }}}}</mj-text>
<mj-text align="center" padding="0 28px 14px">{alt}</mj-text>
<mj-raw>{{% endif %}}</mj-raw>"""
_CODE = """\
{picture}
<mj-text align="center" font-family="'Courier New', Courier, monospace" font-size="26px" font-weight="700">\
{text}</mj-text>
<mj-text align="center">{alt}</mj-text>"""
_QR = '<mj-image src="{src}" alt="QR: {text}" width="180px" padding="8px 28px" />'
_LINE = '<mj-divider border-width="1px" border-color="{soft}" padding="14px 28px" />'
_LETTERS = ("file", "inbox")


def expanded(template: Template, look: Look) -> Template:
    """Return a template of blocks with the parts that come of them.

    Raises:
        TemplateInvalid: with every fault of its blocks.
    """
    faults = list(faults_of(template.blocks, "blocks"))
    if extra := sorted(set(template.parts) - {"title"}):
        faults.append(Fault(extra[0], "it is made of the blocks: give one of the two"))
    if template.channel != "email" and template.channel not in _LETTERS:
        faults.append(Fault("blocks", f"{template.channel} has no blocks: email, file and inbox have"))
    if not faults:
        faults += _faults_inside(template)
    if faults:
        raise TemplateInvalid(tuple(faults))
    parts = dict(template.parts)
    if template.channel == "email":
        parts["mjml"] = _mjml(template, look)
    else:
        parts["text"] = "\n\n".join(filter(None, (_ended(_said(each)) for each in template.blocks)))
    return replace(template, parts=parts, blocks=())


def _locale(template: Template) -> str:
    return locale_of(template.language) or "en"


def pictures_of(template: Template) -> list[bytes]:
    """Return the pictures that are made for a template of blocks, to be kept in the media store."""
    return [qr_picture(each.text)[1] for each in template.blocks if each.kind == "code" and not GAP.search(each.text)]


def _faults_inside(template: Template) -> Iterator[Fault]:
    """Read the gaps of every block by themselves, so that a fault names the block."""
    sandbox = environment(_locale(template), html=True)
    for number, each in enumerate(template.blocks):
        for name in ("text", "alt", "link"):
            at = f"blocks.{number}.{name}"
            try:
                markup.marked(getattr(each, name), sandbox)
                tree = sandbox.parse(getattr(each, name))
            except TemplateSyntaxError as error:
                yield Fault(at, error.message or "it can't be read")
            except ValueError as error:
                yield Fault(at, str(error))
            else:
                yield from grammar.read(tree, template.declared(), _locale(template), at).faults


def _mjml(template: Template, look: Look) -> str:
    sandbox = environment(_locale(template), html=True)

    def written(text: str) -> str:
        """A text as MJML, with its gaps as they are."""
        gaps = markup.marked(text, sandbox)
        return gaps.restored(escape(gaps.text))

    filled = filling(look)
    inside = "\n".join(_WAYS[each.kind](each, written, filled, template.language, look) for each in template.blocks)
    top = look.picture or look.headline
    corners = f"0 0 {look.radius}px {look.radius}px" if top else f"{look.radius}px"
    section = _SECTION.format(inside=inside, corners=corners, card=look.card)
    title = written(template.parts.get("title", ""))
    return framed(title, title, [section], frame_of(template.language), template.language, look)


_Written = Callable[[str], str]
_Way = Callable[[Block, _Written, Mapping[str, object], str, Look], str]


def _paragraphs(block: Block, written: _Written, filled: Mapping[str, object], language: str, look: Look) -> str:
    parts = [part.strip() for part in block.text.replace("\r\n", "\n").split("\n\n")]
    return "\n".join(_TEXT.format(text=written(part).replace("\n", "<br />")) for part in parts if part)


def _picture(block: Block, written: _Written, filled: Mapping[str, object], language: str, look: Look) -> str:
    link = f'href="{written(block.link.strip())}"' if block.link else ""
    return _PICTURE.format(src=look.media(block.picture), alt=written(block.alt), href=link, **filled)


def _button(block: Block, written: _Written, filled: Mapping[str, object], language: str, look: Look) -> str:
    if block.link:
        return _BUTTON.format(text=written(block.text), **{**filled, "link": written(block.link.strip())})
    button = _BUTTON.format(text=written(block.text), **{**filled, "link": "{{ link }}"})
    return f"<mj-raw>{{% if link %}}</mj-raw>\n{button}\n<mj-raw>{{% endif %}}</mj-raw>"


def _code(block: Block, written: _Written, filled: Mapping[str, object], language: str, look: Look) -> str:
    picture = ""
    if not GAP.search(block.text):
        picture = _QR.format(src=look.media(qr_picture(block.text)[0]), text=written(block.text))
    return _CODE.format(picture=picture, text=written(block.text), alt=written(block.alt) or "&#160;")


_WAYS: Mapping[BlockKind, _Way] = {
    "headline": lambda block, written, *_: _HEADLINE.format(text=written(block.text)),
    "text": _paragraphs,
    "picture": _picture,
    "button": _button,
    "points": lambda block, written, *_: _POINTS.format(alt=written(block.alt) or "&#160;"),
    "rewards": lambda block, written, filled, language, look: proposals("rewards", written(block.text), look).replace(
        "[offer]", offer_points(language)
    ),
    "code": _code,
    "line": lambda block, written, filled, *_: _LINE.format(**filled),
}


def _said(block: Block) -> str:
    match block.kind:
        case "picture" | "line":
            return ""
        case "points":
            return f"{{% if balance %}}{block.alt} {{{{ balance }}}}{{% endif %}}".strip()
        case "rewards":
            inner = "{% for offer in rewards %}\n\n- {{ offer.title }}{% endfor %}"
            return f"{{% if rewards %}}{block.text}{inner}{{% endif %}}"
        case "button":
            link = block.link or "{{ link }}"
            told = f"{block.text}: {link}"
            return told if block.link else f"{{% if link %}}{told}{{% endif %}}"
        case "code":
            return f"{block.text}\n{block.alt}".strip()
    return block.text.replace("\r\n", "\n").strip()


def _ended(text: str) -> str:
    """Add the end of a line that filling takes away behind a tag."""
    return text + "\n" if text.endswith("%}") else text
