"""English, the first language. Why a campaign did not pay is said in `explain.py`, beside what it explains."""

from __future__ import annotations

from types import MappingProxyType

from libs.language.catalogue import Texts

EXPLANATIONS: Texts = MappingProxyType(
    {
        "nothing": "No points.",
        "granted": "{points} by {campaigns}.",
        "outranked": "campaign {campaign!r} outranks it in its group",
        "rule-error": "its expression could not be evaluated: {why}",
        "per_amount": "{basis} minor units {times} {points} / {per} = {amount}",
        "per_quantity": "{basis} {times} {points} for each {per} = {amount}",
        "fixed": "{points} once = {amount}",
        "multiplier": "{basis} base points {times} {percent}% = {amount}",
    }
)

RULES: Texts = MappingProxyType(
    {
        "points": {"one": "{number} point", "other": "{number} points"},
        "points.wallet": "{number} {wallet}",
        "per_amount": "{points} for every {money}",
        "per_quantity": {"one": "{points} for each piece", "other": "{points} for every {n} pieces"},
        "per_quantity.activity": {"one": "{points} for each time", "other": "{points} for every {n} times"},
        "fixed": "{points}",
        "multiplier.points": "{times} times the points",
        "multiplier.points.200": "double points",
        "multiplier.points.300": "triple points",
        "multiplier.wallet": "{times} times the {wallet}",
        "compounding": "multiplied with what other offers have added",
        "other-effect": "{name}",
        "more": "{listed} and {n} more",
        "activity": "for “{activity}”",
        "skus": {"one": "on the article {listed}", "other": "on the articles {listed}"},
        "categories": {"one": "on the category {listed}", "other": "on the categories {listed}"},
        "brands": {"one": "on the brand {listed}", "other": "on the brands {listed}"},
        "labels": {"one": "on what bears the label {listed}", "other": "on what bears one of the labels {listed}"},
        "labels.activity": {"one": "with the label {listed}", "other": "with one of the labels {listed}"},
        "min_amount_minor": "from {money} spent",
        "min_amount_minor.lines": "from {money} spent on them",
        "min_quantity": {"one": "from one piece on", "other": "from {n} pieces on"},
        "min_total_minor": "from a total of {money}",
        "stores": {"one": "in the store {listed}", "other": "in the stores {listed}"},
        "channels": {"one": "in the channel “{listed}”", "other": "in the channels {listed}"},
        "partners": {"one": "at the partner {listed}", "other": "at the partners {listed}"},
        "tiers": {"one": "for the tier {listed}", "other": "for the tiers {listed}"},
        "payments": {"one": "paid by {listed}", "other": "paid by {listed}"},
        "cel": "when this is true: {expression}",
        "other-condition": "under its condition “{name}”",
        "weekdays": "on {listed}",
        "hours": "between {since} and {until}",
        "starts_at": "from {moment} on",
        "ends_at": "until {moment}",
        "limit.transaction": "at most {points} a receipt",
        "limit.member.day": "at most {points} a day for each member",
        "limit.member.month": "at most {points} a month for each member",
        "limit.member.year": "at most {points} a year for each member",
        "limit.member.ever": "at most {points} in all for each member",
        "limit.campaign.day": "at most {points} a day for all members together",
        "limit.campaign.month": "at most {points} a month for all members together",
        "limit.campaign.year": "at most {points} a year for all members together",
        "limit.campaign.ever": "at most {points} in all, for all members together",
        "limit.other": "within its own limit",
        "group.first": "Only the first of these that applies counts: {listed}.",
        "group.best": "Only the one of these that brings most counts: {listed}.",
        "group.worst": "Only the one of these that brings least counts: {listed}.",
        "group.exclusive": "When one of these applies, it is all that counts: {listed}.",
        "pending.none": "They can be used at once.",
        "pending.after": {
            "one": "They become active a day after they were earned.",
            "other": "They become active {n} days after they were earned.",
        },
        "pending.on_days": "They become active on the next of these days of a month: {listed}.",
        "pending.event": {
            "one": "They become active with {listed}, at the latest after a day.",
            "other": "They become active with {listed}, at the latest after {n} days.",
        },
        "expiry.never": "They never lapse.",
        "expiry.month": "They lapse at the end of the month they were earned in.",
        "expiry.quarter": "They lapse at the end of the quarter they were earned in.",
        "expiry.half_year": "They lapse at the end of the half-year they were earned in.",
        "expiry.year": "They lapse at the end of the year they were earned in.",
        "expiry.month.later": {
            "one": "They lapse at the end of the month after the one they were earned in.",
            "other": "They lapse at the end of the month, {n} months after the one they were earned in.",
        },
        "expiry.quarter.later": {
            "one": "They lapse at the end of the quarter after the one they were earned in.",
            "other": "They lapse at the end of the quarter, {n} quarters after the one they were earned in.",
        },
        "expiry.half_year.later": {
            "one": "They lapse at the end of the half-year after the one they were earned in.",
            "other": "They lapse at the end of the half-year, {n} half-years after the one they were earned in.",
        },
        "expiry.year.later": {
            "one": "They lapse at the end of the year after the one they were earned in.",
            "other": "They lapse at the end of the year, {n} years after the one they were earned in.",
        },
        "expiry.other": "They lapse by a rule of their own.",
        "expiry.from-activation": "Their time counts from the day on which they become active.",
        "worth": "{points} are worth {money}.",
        "rounding.floor": "Fractions of points on a receipt are left out.",
        "rounding.half_up": "Points of a receipt are rounded; a half is rounded up.",
        "rounding.ceil": "Fractions of points on a receipt are rounded up.",
        "section.base": "On every purchase",
        "section.multiplier": "More points",
        "section.addition": "Extra points",
        "section.activity": "Beside purchases",
    }
)

HINTS: Texts = MappingProxyType(
    {
        "spend": "spend {money} more",
        "spend.on": "spend {money} more on {listed}",
        "pieces": {"one": "take one more piece", "other": "take {n} more pieces"},
        "pieces.of": {"one": "take one more of {listed}", "other": "take {n} more of {listed}"},
        "hint": "{needs} to get {points} more.",
    }
)
