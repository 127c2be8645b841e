"""What friends see behind a link, and what a member sees who made one. Pure, without scripts."""

from __future__ import annotations

from html import escape
from urllib.parse import quote, urlencode

from libs.codes.pictures import picture
from libs.judging.versions import RunningProgramme
from libs.language import wording
from services.gateway.sharing.store import Share
from services.gateway.sharing.texts import SHARING
from services.gateway.site.dress import Dress
from services.gateway.site.markup import page
from services.gateway.site.open_graph import open_graph

MEDAL = "/share.png"
"""Where the picture is of what has none of its own."""


def shared_page(
    share: Share, running: RunningProgramme, address: str, base: str, language: str, worn: Dress, *, public: bool
) -> str:
    """What somebody shared, with ways on where the programme is public; its head is what messengers show of it."""
    words, name = share.words(language), running.name or running.programme
    image = share.picture or f"{base}{MEDAL}"
    ways = []
    if public and share.what == "reward":
        ways.append((f"/rewards/{running.tenant}/{running.programme}/{quote(share.reference, safe='')}", "see"))
    if public:
        ways.append((f"/rules/{running.tenant}/{running.programme}", "join"))
    links = "".join(
        f'<a href="{escape(path)}?lang={language}">{_say(language, key, programme=name)}</a>' for path, key in ways
    )
    shown = f'<div class="reward"><img src="{escape(share.picture or MEDAL)}" alt=""></div>'
    body = f"<p>{escape(words.text)}</p>{shown}" + (f'<p class="ways">{links}</p>' if links else "")
    head = open_graph(words.title, words.text, address, image, name)
    return page(words.title, body, language=language, worn=worn.also(head))


def gone_page(language: str) -> str:
    """What stands where a link leads nowhere."""
    why = _say(language, "gone.why")
    return page(SHARING.say(language, "gone"), f"<p>{why}</p>", language=language)


def sending(share: Share, address: str, language: str) -> str:
    """The link of a member, with ways to send it and a QR code to be scanned, as HTML."""
    words = share.words(language)
    said = f"{words.text} {address}"
    ways = (
        ("WhatsApp", f"https://wa.me/?{urlencode({'text': said})}"),
        ("Telegram", f"https://t.me/share/url?{urlencode({'url': address, 'text': words.text})}"),
        ("Facebook", f"https://www.facebook.com/sharer/sharer.php?{urlencode({'u': address})}"),
        (
            SHARING.say(language, "mail"),
            f"mailto:?{urlencode({'subject': words.title, 'body': said}, quote_via=quote)}",
        ),
    )
    links = "".join(f'<a href="{escape(to)}" rel="noreferrer">{escape(name)}</a>' for name, to in ways)
    opened = SHARING.say(language, "opened", n=share.opened, number=wording.number(share.opened, language))
    drawn = picture(address, "qr", "svg").decode()
    return (
        f'<p><label for="link">{_say(language, "link")}</label> '
        f'<input id="link" readonly value="{escape(address)}"></p>'
        f'<p class="ways">{_say(language, "by")} {links}</p><p>{_say(language, "scan")}</p>'
        f'<figure class="qr" role="img" aria-label="{_say(language, "link")}">{drawn}</figure>'
        f'<p class="soft">{escape(opened)}</p>'
    )


def _say(language: str, key: str, **values: object) -> str:
    return escape(SHARING.say(language, key, **values))
