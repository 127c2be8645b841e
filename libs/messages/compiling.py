"""From a template as somebody wrote it to one that can be filled: everything that can be wrong is found here."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import mjml
from jinja2 import TemplateSyntaxError, nodes

from libs.design.faults import Fault
from libs.design.style import DEFAULT, Look
from libs.messages import grammar, markup
from libs.messages.block_mail import expanded
from libs.messages.environment import environment, locale_of
from libs.messages.kinds import KINDS, NAME
from libs.messages.template import FORMS, Compiled, Template, TemplateInvalid
from libs.messages.trial import faults_when_filled
from libs.messages.values import TYPES, one_line

LONGEST: Mapping[str, int] = {"title": 500, "text": 20_000, "mjml": 100_000, "html": 200_000}
"""How many characters of source each part may have."""

MOST_VARIABLES = 40

LONGEST_BRAND = 64

_TAG = re.compile(r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|\d{3}))?")
_INCLUDED = re.compile(r"<\s*(mj-include|mj-font|mj-html-attributes)\b", re.IGNORECASE)


def compiled(template: Template, look: Look = DEFAULT) -> Compiled:
    """Compile a template; one of blocks becomes a mail in a brand's look.

    Raises:
        TemplateInvalid: with every fault that was found.
    """
    if template.blocks:
        _raise_any(_faults_of_places(template))
        template = expanded(template, look)
    _raise_any(_faults_around(template))
    locale = locale_of(template.language)
    assert locale is not None
    reader = _Reading(template, locale)
    html = reader.html()
    title, text = template.parts.get("title", ""), template.parts.get("text")
    if text is None:
        text = reader.text_of_html
    for part, source in (("title", title), ("text", text)):
        reader.read(part, source)
    _raise_any(reader.faults)
    made = Compiled(template.language, title, text, html)
    _raise_any(faults_when_filled(template, made))
    return made


def _raise_any(faults: Iterator[Fault] | list[Fault]) -> None:
    if found := tuple(faults):
        raise TemplateInvalid(found)


def _faults_of_places(template: Template) -> Iterator[Fault]:
    if not NAME.fullmatch(template.name):
        yield Fault("name", "it is no name such as expiry_reminder")
    if not _TAG.fullmatch(template.language) or locale_of(template.language) is None:
        yield Fault("language", "it is no language, written like de, pt-BR or zh-Hant-TW")
    if len(template.brand) > LONGEST_BRAND or template.brand != one_line(template.brand).strip():
        yield Fault("brand", f"it is a name on one line of at most {LONGEST_BRAND} characters")
    if template.channel not in FORMS:
        yield Fault("channel", f"it is none of {', '.join(FORMS)}")


def _faults_around(template: Template) -> Iterator[Fault]:
    if faults := tuple(_faults_of_places(template)):
        yield from faults
        return
    needed, allowed = FORMS[template.channel]
    yield from (Fault(part, f"{template.channel} has no such part") for part in template.parts if part not in allowed)
    yield from (Fault(part, f"{template.channel} needs it") for part in sorted(needed - set(template.parts)))
    if "mjml" in template.parts and "html" in template.parts:
        yield Fault("html", "it is made of the MJML: give one of the two")
    if template.channel == "email" and not {"text", "mjml", "html"} & set(template.parts):
        yield Fault("text", "an email needs a text, MJML or HTML")
    for part, source in template.parts.items():
        if len(source) > LONGEST.get(part, 0):
            yield Fault(part, f"it is longer than {LONGEST.get(part, 0):,} characters")
        elif not source.strip():
            yield Fault(part, "it is empty")
    yield from _faults_of_variables(template)


def _faults_of_variables(template: Template) -> Iterator[Fault]:
    if template.variables and template.name in KINDS and template.name != "campaign":
        yield Fault("variables", f"what {template.name} tells is given: {', '.join(KINDS[template.name].variables)}")
        return
    if len(template.variables) > MOST_VARIABLES:
        yield Fault("variables", f"there are more than {MOST_VARIABLES}")
    for name, variable in template.variables.items():
        if not NAME.fullmatch(name) or name == "loop":
            yield Fault(f"variables.{name}", "it is no name such as shop_name")
        elif name in KINDS["campaign"].variables:
            yield Fault(f"variables.{name}", "every message has it already")
        elif variable.type not in TYPES:
            yield Fault(f"variables.{name}", f"its type is none of {', '.join(TYPES)}")


class _Reading:
    def __init__(self, template: Template, locale: str) -> None:
        self._template = template
        self._declared = template.declared()
        self._locale = locale
        self.faults: list[Fault] = []
        self.text_of_html = ""

    def html(self) -> str | None:
        parts = self._template.parts
        part = "mjml" if "mjml" in parts else "html"
        if part not in parts:
            return None
        try:
            source = self._from_mjml(parts["mjml"]) if part == "mjml" else parts["html"]
            html = markup.marked(source, environment(self._locale, html=True))
            markup.check_tags(html)
        except TemplateSyntaxError as error:
            self.faults.append(Fault(f"{part}:{error.lineno}", error.message or "it can't be read"))
            return None
        except ValueError as error:
            self.faults.append(Fault(part, str(error)))
            return None
        kinds = self.read(part, source, html=True)
        if kinds is not None:
            self.faults += markup.faults_of(html, kinds, part)
        self.text_of_html = markup.text_of(html)
        return source

    def read(self, part: str, source: str, *, html: bool = False) -> tuple[str, ...] | None:
        """Read a part, note its faults, and return the kinds of what it writes out."""
        try:
            tree: nodes.Template = environment(self._locale, html=html).parse(source)
        except TemplateSyntaxError as error:
            self.faults.append(Fault(f"{part}:{error.lineno}", error.message or "it can't be read"))
            return None
        found = grammar.read(tree, self._declared, self._locale, part)
        self.faults += [fault for fault in found.faults if fault not in self.faults]
        return found.kinds

    def _from_mjml(self, source: str) -> str:
        if found := _INCLUDED.search(source):
            raise ValueError(f"<{found[1]}> is not for messages: they load nothing from elsewhere")
        gaps = markup.marked(source, environment(self._locale, html=True))
        try:
            made = mjml.mjml2html(gaps.text, disable_comments=True, fonts={})
        except (ValueError, OSError) as error:
            raise ValueError(f"it is no MJML: {error}") from error
        return gaps.restored(made)
