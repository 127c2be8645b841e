"""Referral in both languages: when a friend counts, who gets what, how many there may be."""

from __future__ import annotations

from types import MappingProxyType

from libs.language.catalogue import Texts

ENGLISH: Texts = MappingProxyType(
    {
        "section.referral": "Bring a friend",
        "referral.code": "Ask for your code and give it to a friend who is not a member yet.",
        "referral.at-enrolment": "Your friend counts as soon as they have joined with it.",
        "referral.after.first": {
            "one": "Your friend counts with their first purchase within a day after joining.",
            "other": "Your friend counts with their first purchase within {n} days after joining.",
        },
        "referral.after.first.spent": {
            "one": "Your friend counts with their first purchase of {money} or more within a day after joining.",
            "other": "Your friend counts with their first purchase of {money} or more within {n} days after joining.",
        },
        "referral.after.later": {
            "one": "Your friend counts with purchase number {order} within a day after joining.",
            "other": "Your friend counts with purchase number {order} within {n} days after joining.",
        },
        "referral.after.later.spent": {
            "one": "Your friend counts with purchase number {order} of {money} or more within a day of joining.",
            "other": "Your friend counts with purchase number {order} of {money} or more within {n} days of joining.",
        },
        "referral.friend": "Your friend then gets {what}.",
        "referral.you": "You then get {what} for each friend.",
        "referral.you.from": "From friend number {n} on you get {what} for each.",
        "referral.limit.day": {"one": "At most one friend a day counts.", "other": "At most {n} friends a day count."},
        "referral.limit.week": {
            "one": "At most one friend a week counts.",
            "other": "At most {n} friends a week count.",
        },
        "referral.limit.month": {
            "one": "At most one friend a month counts.",
            "other": "At most {n} friends a month count.",
        },
        "referral.limit.year": {
            "one": "At most one friend a year counts.",
            "other": "At most {n} friends a year count.",
        },
        "referral.limit.ever": {"one": "At most one friend counts.", "other": "At most {n} friends count."},
        "referral.new": {
            "one": "Who has been a member for more than a day can't be brought in any more.",
            "other": "Who has been a member for more than {n} days can't be brought in any more.",
        },
    }
)

GERMAN: Texts = MappingProxyType(
    {
        "section.referral": "Freunde werben",
        "referral.code": "Fragen Sie nach Ihrem Code und geben Sie ihn jemandem, der noch kein Mitglied ist.",
        "referral.at-enrolment": "Wer damit beigetreten ist, zählt sofort.",
        "referral.after.first": {
            "one": "Wer damit beitritt, zählt mit dem ersten Einkauf binnen eines Tages.",
            "other": "Wer damit beitritt, zählt mit dem ersten Einkauf binnen {n} Tagen.",
        },
        "referral.after.first.spent": {
            "one": "Wer damit beitritt, zählt mit dem ersten Einkauf ab {money} binnen eines Tages.",
            "other": "Wer damit beitritt, zählt mit dem ersten Einkauf ab {money} binnen {n} Tagen.",
        },
        "referral.after.later": {
            "one": "Wer damit beitritt, zählt mit dem {order}. Einkauf binnen eines Tages.",
            "other": "Wer damit beitritt, zählt mit dem {order}. Einkauf binnen {n} Tagen.",
        },
        "referral.after.later.spent": {
            "one": "Wer damit beitritt, zählt mit dem {order}. Einkauf ab {money} binnen eines Tages.",
            "other": "Wer damit beitritt, zählt mit dem {order}. Einkauf ab {money} binnen {n} Tagen.",
        },
        "referral.friend": "Dafür bekommt die geworbene Person {what}.",
        "referral.you": "Sie bekommen {what} für jede geworbene Person.",
        "referral.you.from": "Ab der {n}. geworbenen Person bekommen Sie {what} für jede.",
        "referral.limit.day": {"one": "Höchstens eine am Tag zählt.", "other": "Höchstens {n} am Tag zählen."},
        "referral.limit.week": {
            "one": "Höchstens eine in der Woche zählt.",
            "other": "Höchstens {n} in der Woche zählen.",
        },
        "referral.limit.month": {"one": "Höchstens eine im Monat zählt.", "other": "Höchstens {n} im Monat zählen."},
        "referral.limit.year": {"one": "Höchstens eine im Jahr zählt.", "other": "Höchstens {n} im Jahr zählen."},
        "referral.limit.ever": {"one": "Höchstens eine zählt.", "other": "Höchstens {n} zählen."},
        "referral.new": {
            "one": "Wer länger als einen Tag Mitglied ist, kann nicht mehr geworben werden.",
            "other": "Wer länger als {n} Tage Mitglied ist, kann nicht mehr geworben werden.",
        },
    }
)
