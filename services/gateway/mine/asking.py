"""What an order of a reward asks the member, as fields of a form, and what was said with it, in words. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from html import escape
from typing import Any, Literal, NamedTuple

from libs.language import wording
from services.gateway.mine.texts import MINE

_MOST = 500
_OPTION = "choices."
"""What fields of a customised reward's options are named after."""


class Question(NamedTuple):
    """A field of the form: an answer by this name, in words of up to `most` letters, or one of `options`."""

    name: str
    label: str
    form: Literal["words", "day", "list"] = "words"
    options: tuple[tuple[str, str], ...] = ()
    most: int = _MOST
    needed: bool = False


def questions(asks: Mapping[str, Any], what: Any, language: str) -> list[Question]:
    """What is asked of whoever orders a reward: `asks` is the schema of its kind's answers, `what` its own data.

    What can't be answered is not asked: which variant of something that has none, words where there is room for none.
    """
    needed = frozenset(asks.get("required", ()))
    found: list[Question] = []
    for name, schema in asks.get("properties", {}).items():
        match name:
            case "choices":
                found += [_one_of(f"{_OPTION}{each}", _named(each), some) for each, some in what.options.items()]
            case "variant":
                found += [_one_of(name, _label(name, schema, language), what.variants)] if what.variants else []
            case "words":
                most = what.words_most
                found += [Question(name, _label(name, schema, language), most=most)] if most else []
            case "on" if days := getattr(what, "days", ()):
                found.append(_one_of(name, _label(name, schema, language), days, language))
            case _:
                form: Literal["words", "day", "list"] = "words"
                if schema.get("type") == "array":
                    form = "list"
                elif "date" in str(schema):
                    form = "day"
                found.append(Question(name, _label(name, schema, language), form, needed=name in needed))
    return found


def answers_of(asked: Sequence[Question], fields: Mapping[str, str]) -> dict[str, Any]:
    """What was answered; what was left empty was not. Lists are written with commas."""
    found: dict[str, Any] = {}
    for each in asked:
        text = fields.get(each.name, "").strip()
        if not text:
            continue
        if each.name.startswith(_OPTION):
            found.setdefault("choices", {})[each.name.removeprefix(_OPTION)] = text
        elif each.form == "list":
            found[each.name] = [one.strip() for one in text.split(",") if one.strip()]
        else:
            found[each.name] = text
    return found


def field(asked: Question, given: str = "") -> str:
    """A question of the form, with what was written there before."""
    name, needed = escape(asked.name), " required" if asked.needed else ""
    label = f'<label for="{name}">{escape(asked.label)}</label>'
    if asked.options:
        choices = "".join(
            f'<option value="{escape(value)}"{" selected" if value == given else ""}>{escape(shown)}</option>'
            for value, shown in (("", ""), *asked.options)
        )
        return f'<p>{label} <select id="{name}" name="{name}"{needed}>{choices}</select></p>'
    kind = ' type="date"' if asked.form == "day" else f' maxlength="{asked.most}"'
    return f'<p>{label} <input id="{name}" name="{name}"{kind} value="{escape(given)}"{needed}></p>'


def said(answers: Mapping[str, Any], language: str) -> str:
    """What was said with an order, as a list of HTML; nothing where nothing was."""
    told: list[tuple[str, str]] = []
    for name, value in answers.items():
        if isinstance(value, Mapping):
            told += [(_named(each), str(one)) for each, one in value.items()]
        else:
            told.append((MINE.get(language, f"said.{name}", _named(name)), _words(name, value, language)))
    lines = "".join(f"<dt>{escape(name)}</dt><dd>{escape(text)}</dd>" for name, text in told)
    return f"<dl>{lines}</dl>" if lines else ""


def _one_of(name: str, label: str, choices: Sequence[str | date], language: str = "en") -> Question:
    options = [
        (each.isoformat(), wording.day(each, language)) if isinstance(each, date) else (each, each) for each in choices
    ]
    return Question(name, label, options=tuple(options), needed=bool(options))


def _label(name: str, schema: Mapping[str, Any], language: str) -> str:
    return MINE.get(language, f"ask.{name}", str(schema.get("title") or name))


def _named(option: str) -> str:
    """The name of an option, which is the programme's own word, as a label."""
    return option.replace("_", " ").capitalize()


def _words(name: str, value: Any, language: str) -> str:
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value))
    return wording.day(date.fromisoformat(value), language) if name == "on" else str(value)
