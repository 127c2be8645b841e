"""Whatever gets through the checks can be filled with any values that fit."""

from __future__ import annotations

from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from libs.messages.compiling import compiled
from libs.messages.rendering import ready, render
from libs.messages.template import Template, TemplateInvalid
from libs.messages.values import Money, Points, Proposal, Variable

VARIABLES = {
    "who": Variable("text", optional=True),
    "n": Variable("number"),
    "p": Variable("points", optional=True),
    "m": Variable("money", optional=True),
    "d": Variable("day", optional=True),
    "names": Variable("names"),
    "offers": Variable("proposals"),
}
NAMES = st.sampled_from([*VARIABLES, "o", "o.title", "o.price", "loop.last", "1", "'x'", "brand", "tier"])
FILTERED = st.builds(
    "{}{}".format, NAMES, st.sampled_from(["", "", "|upper", "|all_of", "|weekday", "|plural(one='{n}', other='s')"])
)
CONDITIONS = st.recursive(
    FILTERED,
    lambda inner: st.builds(
        "{} {} {}".format, inner, st.sampled_from(["and", "or", "and not", "or not", "==", "<", "in", "!="]), inner
    ),
    max_leaves=3,
)
TEXTS = st.recursive(
    st.one_of(st.just("a"), st.builds("{{{{ {} }}}}".format, CONDITIONS)),
    lambda inner: st.one_of(
        st.builds(
            "{{% if {} %}}{}{{% elif {} %}}{}{{% else %}}{}{{% endif %}}".format,
            CONDITIONS,
            inner,
            CONDITIONS,
            inner,
            inner,
        ),
        st.builds("{{% for o in {} %}}{}{{% endfor %}}".format, NAMES, inner),
        st.builds("{}{}".format, inner, inner),
    ),
    max_leaves=4,
)
MAYBE = st.none()
VALUES = st.fixed_dictionaries(
    {
        "programme": st.just("P"),
        "brand": st.just("B"),
        "segments": st.just(()),
        "headline": st.just("H"),
        "message": st.just("M"),
        "products": st.just(()),
        "rewards": st.just(()),
        "who": MAYBE | st.text(max_size=3),
        "n": st.integers(-5, 5),
        "p": MAYBE | st.builds(Points, st.integers(-5, 5), st.integers(0, 2)),
        "m": MAYBE | st.builds(Money, st.integers(-5, 5), st.just("EUR")),
        "d": MAYBE | st.dates(date(1990, 1, 1), date(2100, 1, 1)),
        "names": st.lists(st.text(max_size=2), max_size=3),
        "offers": st.lists(
            st.builds(Proposal, st.text(max_size=2), price=MAYBE | st.just(Money(1, "EUR"))), max_size=3
        ),
        "tier": MAYBE | st.just("gold"),
    }
)


@settings(max_examples=60, deadline=None)
@given(TEXTS, VALUES)
def test_what_gets_through_can_be_filled(text: str, values: dict[str, object]) -> None:
    template = Template("spring", "en", "http", {"text": "." + text}, variables=VARIABLES)
    try:
        made = compiled(template)
    except TemplateInvalid:
        return
    assert "None" not in render(ready(made, template.declared()), values).text
