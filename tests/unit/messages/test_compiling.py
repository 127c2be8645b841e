"""What can be wrong with a template is found before it is published, with the place and the reason."""

from __future__ import annotations

import pytest

from libs.messages import samples
from libs.messages.compiling import compiled
from libs.messages.rendering import ready, render
from libs.messages.template import Template, TemplateInvalid
from libs.messages.values import Variable


def template(text: str, **fields: object) -> Template:
    given: dict[str, object] = {"name": "expiry_reminder", "language": "en", "channel": "http", "parts": {"text": text}}
    return Template(**{**given, **fields})  # type: ignore[arg-type]  # tests give wrong ones on purpose


def email(html: str) -> Template:
    return template("", channel="email", parts={"title": "Hello", "html": html})


def faults(one: Template) -> list[str]:
    with pytest.raises(TemplateInvalid) as refused:
        compiled(one)
    return [str(fault) for fault in refused.value.faults]


def said(text: str, **values: object) -> str:
    one = template(text)
    told = {**samples.full(one.declared()), **values}
    return render(ready(compiled(one), one.declared()), told).text


@pytest.mark.parametrize(
    ("text", "path", "reason"),
    [
        ("a\nb {{ pionts }}", "text:2", "'pionts' is no variable of this message"),
        ("{{ given_name }}", "text:1", "'given_name' may be unknown"),
        ("{% if tier %}{{ given_name }}{% endif %}", "text:1", "'given_name' may be unknown"),
        ("{% if not given_name %}{{ given_name }}{% endif %}", "text:1", "'given_name' may be unknown"),
        ("{% if given_name or tier %}{{ tier }}{% endif %}", "text:1", "'tier' may be unknown"),
        ("{{ points.amount }}", "text:1", "points has no field 'amount'"),
        ("{{ rewards }}", "text:1", "go over it by for"),
        ("{{ segments }}", "text:1", "names can't be written"),
        ("{% for r in rewards %}{{ r.secret }}{% endfor %}", "text:1", "proposal has no field 'secret'"),
        ("{% for r in rewards %}{{ r.price }}{% endfor %}", "text:1", "'r.price' may be unknown"),
        ("{% for c in programme %}{{ c }}{% endfor %}", "text:1", "a loop goes over names or proposals"),
        ("{% for r in rewards recursive %}x{% endfor %}", "text:1", "a loop is written"),
        ("{{ loop.index }}", "text:1", "'loop' is no variable"),
        ("{{ days_left > 'a' }}", "text:1", "number and text can't be compared so"),
        ("{{ points > 3 }}", "text:1", "points and number can't be compared so"),
        ("{{ last_day|plural(one='a', other='b') }}", "text:1", "plural takes number or points, and this is day"),
        ("{{ points|plural(other='{n}') }}", "text:1", "plural takes one, other in this language"),
        ("{{ programme|safe }}", "text:1", "a template can't have the filter 'safe'"),
        ("{{ programme.__class__.__mro__ }}", "text:1", "text has no field '__class__'"),
        ("{{ programme['__class__'] }}", "text:1", "a template can't have 'getitem'"),
        ("{{ cycler.__init__.__globals__ }}", "text:1", "'cycler' is no variable"),
        ("{{ programme.upper() }}", "text:1", "a template can't have 'call'"),
        ("{{ 9 ** 9 ** 9 }}", "text:1", "a template can't have 'pow'"),
        ("{{ 'a' * 999999999 }}", "text:1", "a template can't have 'mul'"),
        ("{% set x = 1 %}", "text:1", "a template can't have 'assign'"),
        ("{% include '/etc/passwd' %}", "text:1", "a template can't have 'include'"),
        ("{% macro m() %}{% endmacro %}x", "text:1", "a template can't have 'macro'"),
        ("{{ 1 if tier }}", "text:1", "say what else"),
        ("ok\n{% if tier %}", "text:2", "Unexpected end of template"),
        ("{% if tier %}x{% endif %}", "text", "nothing is left of it when little is known"),
        ("   ", "text", "it is empty"),
        ("x" * 20_001, "text", "it is longer than 20,000 characters"),
    ],
)
def test_a_fault_in_a_text_is_named(text: str, path: str, reason: str) -> None:
    found = faults(template(text))
    assert len(found) == 1
    assert found[0].startswith(f"{path}: ")
    assert reason in found[0]


@pytest.mark.parametrize(
    ("html", "reason"),
    [
        ("<script>x</script>", "html:1: <script> is not for messages"),
        ("<p>\n<p onclick='x()'>", "html:2: onclick is a script"),
        ("<a href='javascript:alert(1)'>x</a>", "html:1: href begins with https://"),
        ("<a href='{{ programme }}'>x</a>", "html:1: href takes a variable that is a url"),
        ("<a href='https://{{ programme }}/'>x</a>", "html:1: href is one gap alone, or has none"),
        ("<img src='a.png'>x", "html:1: src begins with https://"),
        ("<p {{ programme }}>x", "html:1: a gap stands in an element outside of a quoted attribute"),
        ("<p style='color:{{ programme }}'>x", "html:1: a gap can't be in style"),
        ("<style>p{color:{{ programme }}}</style>x", "html:1: a gap can't be in a style"),
        ("<{{ programme }}>x", "html:1: a gap can't be the name"),
        ("<meta http-equiv=refresh content='0;url=https://x.example'>x", "does not lead elsewhere by itself"),
        ("{% raw %}<script>{% endraw %}", "html: a template can't have 'raw'"),
        ("{{ '}}<script>' }}<b onload=x>", "html:1: onload is a script"),
    ],
)
def test_a_fault_in_html_is_named(html: str, reason: str) -> None:
    assert any(reason in fault for fault in faults(email(html)))


@pytest.mark.parametrize("evil", ["<a ", "<!--", "<a href='", "</", "</a ", "<?", "<!", "<![CDATA[", "<a x'><a "])
def test_html_that_would_be_read_for_ever_is_refused(evil: str) -> None:
    """Each tag without an end has the rest read again: a page of them takes hours."""
    assert faults(email(f"<p>{evil * 60}")) == ["html: more than 50 of its tags have no end"]


def test_html_of_no_such_section_or_character_is_refused() -> None:
    assert compiled(email("<![if !mso]><p>1 < 2 <!-- <b> --><![endif]>x")).html
    assert faults(email("<![x]>y")) == ["html: <![x]>y is no section that HTML knows"]
    assert faults(email(f"<p>&#{'1' * 5_000};")) == ["html: &#111111111 is no character that HTML knows"]


def test_a_gap_is_read_as_jinja_reads_it() -> None:
    one = email("""<p>{{ '}}<script>' }}</p>""")
    assert "&lt;script&gt;" in str(render(ready(compiled(one), one.declared()), samples.full(one.declared())).html)


def test_mjml_loads_nothing_and_its_faults_are_told() -> None:
    def mjml(body: str) -> Template:
        return template(
            "", channel="email", parts={"title": "Hello", "mjml": f"<mjml><mj-body>{body}</mj-body></mjml>"}
        )

    assert faults(mjml('<mj-include path="/etc/passwd" />')) == [
        "mjml: <mj-include> is not for messages: they load nothing from elsewhere"
    ]
    assert faults(mjml("<mj-text>"))[0].startswith("mjml: it is no MJML")
    column = "<mj-section><mj-column>{}</mj-column></mj-section>"
    assert "'pionts' is no variable" in faults(mjml(column.format("<mj-text>{{ pionts }}</mj-text>")))[0]
    made = compiled(
        mjml(
            column.format("<mj-text>{{ programme }}</mj-text><mj-button href='{{ link }}'>Go</mj-button>").replace(
                "{{ link }}", "https://x.example/?a=1&amp;b=2"
            )
        )
    )
    assert made.text == "{{ programme }}\n\nGo: https://x.example/?a=1&b=2"


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"name": "Bad Name"}, "name: "),
        ({"language": "xx-nowhere"}, "language: "),
        ({"brand": "A\nb"}, "brand: "),
        ({"channel": "pigeon"}, "channel: "),
        ({"parts": {"text": "a", "html": "b"}}, "html: http has no such part"),
        ({"channel": "push"}, "title: push needs it"),
        ({"channel": "email", "parts": {"title": "a"}}, "text: an email needs"),
        ({"channel": "email", "parts": {"title": "a", "html": "b", "mjml": "c"}}, "html: it is made of the MJML"),
        ({"variables": {"shop": Variable("text")}}, "variables: what expiry_reminder tells is given"),
        ({"name": "spring", "variables": {"brand": Variable("text")}}, "variables.brand: every message has it"),
        ({"channel": "till", "parts": {"text": "x" * 161}}, "text: with usual values it has 161 characters"),
        ({"channel": "sms", "parts": {"text": "🎉" + "x" * 250}}, "these take it out of GSM-7: 🎉"),
        ({"channel": "sms", "parts": {"text": "x" * 500}}, "it takes 4 segments (500 units of GSM-7); allowed: 3"),
    ],
)
def test_a_template_has_the_form_of_its_channel(fields: dict[str, object], fault: str) -> None:
    assert any(found.startswith(fault) or fault in found for found in faults(template("hello", **fields)))


def test_a_campaign_tells_variables_of_its_own() -> None:
    one = template(
        "{{ shop }} is open until {{ closes }}",
        name="late_opening",
        variables={"shop": Variable("text"), "closes": Variable("day")},
    )
    assert compiled(one).text == "{{ shop }} is open until {{ closes }}"
    assert one.meant_for() == "marketing"


@pytest.mark.parametrize(
    ("text", "values", "expected"),
    [
        ("{{ given_name or 'friend' }}", {"given_name": None}, "friend"),
        ("{% if given_name and tier == 'Silver' %}{{ given_name }}{% endif %}!", {}, "Katharina!"),
        ("{% if not given_name %}you{% else %}{{ given_name }}{% endif %}", {}, "Katharina"),
        ("{% if 'coffee-lovers' in segments %}espresso{% else %}tea{% endif %}", {}, "espresso"),
        ("{% if 'coffee-lovers' in segments %}espresso{% else %}tea{% endif %}", {"segments": ()}, "tea"),
        (
            "{% for r in rewards %}{{ loop.index }} {{ r.title }}{% if not loop.last %}, {% endif %}{% endfor %}.",
            {},
            "1 A bag of coffee, 2 A voucher for 10 euros.",
        ),
        ("{{ 'soon' if days_left < 3 else 'later' }}", {}, "later"),
        ("{{ last_day|weekday }}, {{ last_day|day_of_year }}", {}, "Thursday, December 31"),
    ],
)
def test_what_a_template_can_say(text: str, values: dict[str, object], expected: str) -> None:
    assert said(text, **values) == expected
