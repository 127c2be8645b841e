"""The look of a shipped email: one column that fits a phone, large type, and colours that stay readable in the dark.

What a brand's style says of colours, type, logo and small print is filled in; mails made of blocks have the same frame.
"""

from __future__ import annotations

from html import escape

from libs.design.style import DARK_CARD, DARK_PAGE, DEFAULT, Look, text_in
from libs.messages.shipped.words import Frame, Words

_HEAD = """\
  <mj-head>
    <mj-title>{title}</mj-title>
    <mj-preview>{preview}</mj-preview>
    <mj-raw>
      <meta name="color-scheme" content="light dark" />
      <meta name="supported-color-schemes" content="light dark" />
    </mj-raw>
    <mj-attributes>
      <mj-all font-family="{family}" />
      <mj-text font-size="17px" line-height="1.5" color="{ink}" padding="8px 28px" />
      <mj-section padding="0" />
    </mj-attributes>
    <mj-style>
      .figure div {{ word-break: break-word; }}
      .offer td {{ vertical-align: top; }}
      @media (prefers-color-scheme: dark) {{
        body, .page {{ background-color: {dark_page} !important; }}
        .card, .card table {{ background-color: {dark_card} !important; }}
        .band, .band table {{ background-color: {accent} !important; }}
        .card div, .offer td {{ color: #eceeef !important; }}
        .band div {{ color: {on_accent} !important; }}
        .small div, .small a {{ color: #a9b2b9 !important; }}
        .card a, .offer a {{ color: {dark_link} !important; }}
        .cta a, .cta td {{ color: {on_accent} !important; }}
      }}
    </mj-style>
  </mj-head>"""

_TOP = """\
    <mj-section css-class="page" padding="20px 0 12px">
      <mj-column>
        {top}
      </mj-column>
    </mj-section>"""

_ANY_LOGO = """\
<mj-raw>{{% if logo %}}</mj-raw>
        <mj-image src="{{{{ logo }}}}" alt="{logo}" width="140px" padding="0" />
        <mj-raw>{{% else %}}</mj-raw>
        <mj-text css-class="small" align="center" font-size="15px" font-weight="600" color="{soft}" padding="0 28px">
          {{{{ brand }}}}
        </mj-text>
        <mj-raw>{{% endif %}}</mj-raw>"""

_OWN_LOGO = '<mj-image src="{src}" alt="{logo}" width="140px" padding="0" />'

_PICTURE = """\
    <mj-section css-class="card" background-color="{card}" padding="0">
      <mj-column>
        <mj-image src="{src}" alt="" padding="0" fluid-on-mobile="true" />
      </mj-column>
    </mj-section>"""

_HEADLINE = """\
    <mj-section css-class="band" background-color="{accent}" padding="18px 0">
      <mj-column>
        <mj-text align="center" color="{on_accent}" font-size="24px" line-height="1.25" font-weight="700">
          {headline}
        </mj-text>
      </mj-column>
    </mj-section>"""

_FIGURE = """\
    <mj-section css-class="band" background-color="{accent}" border-radius="{radius}px {radius}px 0 0"
      padding="26px 0 22px">
      <mj-column>
        <mj-text css-class="figure" align="center" color="{on_accent}" font-size="38px" line-height="1.2"
          font-weight="700">
          {figure}
        </mj-text>
        <mj-text align="center" color="{on_accent}" font-size="17px" padding="2px 28px 0">{caption}</mj-text>
      </mj-column>
    </mj-section>"""

_BODY = """\
    <mj-section css-class="card" background-color="{card}" border-radius="{corners}" padding="22px 0 26px">
      <mj-column>
        <mj-text>{greeting}</mj-text>
{paragraphs}
        <mj-raw>{{% if link %}}</mj-raw>
        <mj-button css-class="cta" href="{{{{ link }}}}" background-color="{accent}" color="{on_accent}"
          font-size="17px" font-weight="600" border-radius="{button_radius}px" inner-padding="14px 28px"
          padding="18px 28px 10px">
          {button}
        </mj-button>
        <mj-raw>{{% endif %}}</mj-raw>
{offers}
        <mj-text>{farewell}</mj-text>
      </mj-column>
    </mj-section>"""

_OFFERS = """\
        <mj-raw>{{% if {name} %}}</mj-raw>
        <mj-text font-weight="700" padding="18px 28px 4px">{heading}</mj-text>
        <mj-raw>{{% endif %}}{{% for offer in {name} %}}</mj-raw>
        <mj-text css-class="offer" padding="6px 28px">
          <table role="presentation" width="100%" cellpadding="0" cellspacing="0"><tr>
          {{% if offer.image %}}<td width="76" style="padding:4px 12px 4px 0;">
            <img src="{{{{ offer.image }}}}" width="64" alt=""
              style="display:block;width:64px;border-radius:{picture_radius}px;" />
          </td>{{% endif %}}
          <td style="font-size:17px;line-height:1.4;color:{ink};">
            {{% if offer.link %}}<a href="{{{{ offer.link }}}}" style="color:{link};font-weight:600;">
            {{{{ offer.title }}}}</a>{{% else %}}<strong>{{{{ offer.title }}}}</strong>{{% endif %}}
            {{% if offer.points %}}<br />[offer]{{% endif %}}
            {{% if offer.price %}}<br />{{{{ offer.price }}}}{{% endif %}}
            {{% if offer.text %}}<br />{{{{ offer.text }}}}{{% endif %}}
          </td></tr></table>
        </mj-text>
        <mj-raw>{{% endfor %}}</mj-raw>"""

_FOOT = """\
    <mj-section css-class="page" padding="14px 0 28px">
      <mj-column>
        <mj-text css-class="small" align="center" font-size="13px" color="{soft}">{why}</mj-text>
{legal}        <mj-raw>{{% if preferences or unsubscribe %}}</mj-raw>
        <mj-text css-class="small" align="center" font-size="13px" color="{soft}">
          {{% if preferences %}}<a href="{{{{ preferences }}}}" style="color:{soft};">{preferences}</a>{{% endif %}}
          {{% if preferences and unsubscribe %}} · {{% endif %}}
          {{% if unsubscribe %}}<a href="{{{{ unsubscribe }}}}" style="color:{soft};">{unsubscribe}</a>{{% endif %}}
        </mj-text>
        <mj-raw>{{% endif %}}</mj-raw>
      </mj-column>
    </mj-section>"""

_LEGAL = '        <mj-text css-class="small" align="center" font-size="13px" color="{soft}">{text}</mj-text>\n'
_PARAGRAPH = "        <mj-text>{}</mj-text>"


def email(words: Words, frame: Frame, language: str, look: Look = DEFAULT) -> str:
    """Lay out a message as MJML."""
    colours = filling(look)
    offers = [proposals(name, heading, look) for name, heading in (words.offers or {}).items()]
    band = _FIGURE.format(figure=words.figure, caption=words.caption, **colours) if words.figure else ""
    rest = f"0 0 {look.radius}px {look.radius}px" if band or look.picture or look.headline else f"{look.radius}px"
    body = _BODY.format(
        corners=rest,
        greeting=frame.greeting,
        paragraphs="\n".join(_PARAGRAPH.format(each) for each in words.body),
        button=words.button,
        offers="\n".join(offers),
        farewell=frame.farewell,
        **colours,
    )
    why = words.why or frame.why
    return framed(words.title, words.short, [band, body] if band else [body], frame, language, look, why)


def proposals(name: str, heading: str, look: Look) -> str:
    """Lay out the products or rewards that a message proposes."""
    return _OFFERS.format(name=name, heading=heading, **filling(look))


def framed(
    title: str, preview: str, sections: list[str], frame: Frame, language: str, look: Look, why: str | None = None
) -> str:
    """Put sections of MJML into the frame of a brand's mail: logo, what a promotion shows, and the small print."""
    colours = filling(look)
    logo = (
        _ANY_LOGO.format(logo=frame.logo, **colours)
        if look.logo is None
        else _OWN_LOGO.format(src=look.media(look.logo), logo=frame.logo)
    )
    headline = plain(text_in(look.headline, language))
    legal = plain(text_in(look.legal, language))
    return "\n".join(
        [
            f'<mjml lang="{language}">',
            _HEAD.format(title=title, preview=preview, **colours),
            f'  <mj-body css-class="page" background-color="{look.page}" width="560px">',
            _TOP.format(top=logo),
            *([_PICTURE.format(src=look.media(look.picture), **colours)] if look.picture else []),
            *([_HEADLINE.format(headline=headline, **colours)] if headline else []),
            *sections,
            _FOOT.format(
                why=why or frame.why,
                preferences=frame.preferences,
                unsubscribe=frame.unsubscribe,
                legal=_LEGAL.format(text=legal, **colours) if legal else "",
                **colours,
            ),
            "  </mj-body>",
            "</mjml>",
        ]
    )


def plain(text: str) -> str:
    """Write a text that somebody typed into MJML: no markup of theirs, and its lines as they are."""
    return escape(text).replace("\n", "<br />")


def filling(look: Look) -> dict[str, object]:
    """Return what a look says, by the names that layouts have for it."""
    return {
        **{name: getattr(look, name) for name in ("accent", "on_accent", "ink", "soft", "card", "radius", "link")},
        "family": look.family,
        "dark_link": look.dark_link,
        "dark_card": DARK_CARD,
        "dark_page": DARK_PAGE,
        "button_radius": min(look.radius, 10),
        "picture_radius": min(look.radius, 8),
    }
