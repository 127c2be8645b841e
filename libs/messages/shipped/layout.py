"""The look of a shipped email: one column that fits a phone, large type, and colours that stay readable in the dark."""

from __future__ import annotations

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
      <mj-all font-family="-apple-system, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif" />
      <mj-text font-size="17px" line-height="1.5" color="#22262a" padding="8px 28px" />
      <mj-section padding="0" />
    </mj-attributes>
    <mj-style>
      .figure div {{ word-break: break-word; }}
      .offer td {{ vertical-align: top; }}
      @media (prefers-color-scheme: dark) {{
        body, .page {{ background-color: #15181b !important; }}
        .card, .card table {{ background-color: #20252a !important; }}
        .band, .band table {{ background-color: #0f4f42 !important; }}
        .card div, .offer td {{ color: #eceeef !important; }}
        .band div {{ color: #ffffff !important; }}
        .small div, .small a {{ color: #a9b2b9 !important; }}
        .offer a {{ color: #7fd6c2 !important; }}
      }}
    </mj-style>
  </mj-head>"""

_TOP = """\
    <mj-section css-class="page" padding="20px 0 12px">
      <mj-column>
        <mj-raw>{{% if logo %}}</mj-raw>
        <mj-image src="{{{{ logo }}}}" alt="{logo}" width="140px" padding="0" />
        <mj-raw>{{% else %}}</mj-raw>
        <mj-text css-class="small" align="center" font-size="15px" font-weight="600" color="#55606a" padding="0 28px">
          {{{{ brand }}}}
        </mj-text>
        <mj-raw>{{% endif %}}</mj-raw>
      </mj-column>
    </mj-section>"""

_FIGURE = """\
    <mj-section css-class="band" background-color="#0f5c4d" border-radius="14px 14px 0 0" padding="26px 0 22px">
      <mj-column>
        <mj-text css-class="figure" align="center" color="#ffffff" font-size="38px" line-height="1.2" font-weight="700">
          {figure}
        </mj-text>
        <mj-text align="center" color="#ffffff" font-size="17px" padding="2px 28px 0">{caption}</mj-text>
      </mj-column>
    </mj-section>"""

_BODY = """\
    <mj-section css-class="card" background-color="#ffffff" border-radius="{corners}" padding="22px 0 26px">
      <mj-column>
        <mj-text>{greeting}</mj-text>
{paragraphs}
        <mj-raw>{{% if link %}}</mj-raw>
        <mj-button href="{{{{ link }}}}" background-color="#0f5c4d" color="#ffffff" font-size="17px" font-weight="600"
          border-radius="10px" inner-padding="14px 28px" padding="18px 28px 10px">{button}</mj-button>
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
            <img src="{{{{ offer.image }}}}" width="64" alt="" style="display:block;width:64px;border-radius:8px;" />
          </td>{{% endif %}}
          <td style="font-size:17px;line-height:1.4;color:#22262a;">
            {{% if offer.link %}}<a href="{{{{ offer.link }}}}" style="color:#0f5c4d;font-weight:600;">
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
        <mj-text css-class="small" align="center" font-size="13px" color="#55606a">{why}</mj-text>
        <mj-raw>{{% if preferences or unsubscribe %}}</mj-raw>
        <mj-text css-class="small" align="center" font-size="13px" color="#55606a">
          {{% if preferences %}}<a href="{{{{ preferences }}}}" style="color:#55606a;">{preferences}</a>{{% endif %}}
          {{% if preferences and unsubscribe %}} · {{% endif %}}
          {{% if unsubscribe %}}<a href="{{{{ unsubscribe }}}}" style="color:#55606a;">{unsubscribe}</a>{{% endif %}}
        </mj-text>
        <mj-raw>{{% endif %}}</mj-raw>
      </mj-column>
    </mj-section>"""

_PARAGRAPH = "        <mj-text>{}</mj-text>"


def email(words: Words, frame: Frame, language: str) -> str:
    """Lay out a message as MJML."""
    offers = [_OFFERS.format(name=name, heading=heading) for name, heading in (words.offers or {}).items()]
    return "\n".join(
        [
            f'<mjml lang="{language}">',
            _HEAD.format(title=words.title, preview=words.short),
            '  <mj-body css-class="page" background-color="#f1f3f2" width="560px">',
            _TOP.format(logo=frame.logo),
            *([_FIGURE.format(figure=words.figure, caption=words.caption)] if words.figure else []),
            _BODY.format(
                corners="0 0 14px 14px" if words.figure else "14px",
                greeting=frame.greeting,
                paragraphs="\n".join(_PARAGRAPH.format(each) for each in words.body),
                button=words.button,
                offers="\n".join(offers),
                farewell=frame.farewell,
            ),
            _FOOT.format(why=words.why or frame.why, preferences=frame.preferences, unsubscribe=frame.unsubscribe),
            "  </mj-body>",
            "</mjml>",
        ]
    )
