"""Expiry in both languages: when points of a wallet lapse, of some members, of an offer; what gets a later date."""

from __future__ import annotations

from types import MappingProxyType

from libs.language.catalogue import Texts

ENGLISH: Texts = MappingProxyType(
    {
        "expiry.year-starts": "Years begin with {month}.",
        "expiry.at-least": {
            "one": "They live a day at least: what would lapse sooner lapses on the next such date.",
            "other": "They live {n} days at least: what would lapse sooner lapses on the next such date.",
        },
        "expiry.calendar": "They lapse at the end of the period they were earned in; periods end on {listed}.",
        "expiry.calendar.later": {
            "one": "They lapse at the end of the period after the one they were earned in; periods end on {listed}.",
            "other": "They lapse {n} periods after the one they were earned in; periods end on {listed}.",
        },
        "expiry.until": "{listed} and so on to {last}",
        "expiry.span.months": {"one": "a month", "other": "{n} months"},
        "expiry.span.days": {"one": "a day", "other": "{n} days"},
        "expiry.rolling.day": "They lapse {span} after they were earned.",
        "expiry.rolling.month": "They lapse {span} after they were earned, at the end of that month.",
        "expiry.rolling.quarter": "They lapse {span} after they were earned, at the end of that quarter.",
        "expiry.rolling.half_year": "They lapse {span} after they were earned, at the end of that half-year.",
        "expiry.rolling.year": "They lapse {span} after they were earned, at the end of that year.",
        "expiry.inactivity.day": "They lapse {span} after the last {listed}.",
        "expiry.inactivity.month": "They lapse {span} after the last {listed}, at the end of that month.",
        "expiry.inactivity.quarter": "They lapse {span} after the last {listed}, at the end of that quarter.",
        "expiry.inactivity.half_year": "They lapse {span} after the last {listed}, at the end of that half-year.",
        "expiry.inactivity.year": "They lapse {span} after the last {listed}, at the end of that year.",
        "expiry.purchase": "purchase",
        "expiry.activity": "“{name}”",
        "expiry.fixed": "They lapse at the end of {day}.",
        "expiry.fixed.table": "They lapse on a day that follows from when they were earned: {listed}.",
        "expiry.fixed.row": "earned to {earned}, lapse at the end of {lapses}",
        "expiry.anniversary": "They lapse at the end of the membership year they were earned in.",
        "expiry.anniversary.later": {
            "one": "They lapse at the end of the membership year after the one they were earned in.",
            "other": "They lapse {n} membership years after the one they were earned in.",
        },
        "expiry.for": "For members {who}: {told}",
        "expiry.of-tiers": "of tier {listed}",
        "expiry.of-segments": "of segment {listed}",
        "expiry.own": "{what} with a date of their own ({told})",
        "extend.points": "points",
        "extend.next": "the {wallet} that lapse next",
        "extend.all": "all {wallet}",
        "extend.older": {"one": "{what} earned a day before or more", "other": "{what} earned {n} days before or more"},
        "extend.younger": {
            "one": "{what} earned a day before at most",
            "other": "{what} earned {n} days before at most",
        },
        "extend.both": "{what} earned {least} to {most} days before",
        "extend.boundaries": {
            "one": "{what} lapse one expiry date later",
            "other": "{what} lapse {n} expiry dates later",
        },
        "extend.boundaries.now": {
            "one": "{what} lapse one expiry date after the next",
            "other": "{what} lapse {n} expiry dates after the next",
        },
        "extend.days": {"one": "{what} live a day longer at least", "other": "{what} live {n} days longer at least"},
        "extend.days.now": {
            "one": "{what} live a day more from then at least",
            "other": "{what} live {n} days more from then at least",
        },
        "extend.most-points": {"one": "{told}; {n} point at most", "other": "{told}; {n} points at most"},
        "extend.most": {
            "one": "{told}, at most a day from when they were earned",
            "other": "{told}, at most {n} days from when they were earned",
        },
    }
)

GERMAN: Texts = MappingProxyType(
    {
        "expiry.year-starts": "Jahre beginnen mit {month}.",
        "expiry.at-least": {
            "one": "Sie gelten mindestens einen Tag: Was früher verfiele, verfällt am nächsten solchen Termin.",
            "other": "Sie gelten mindestens {n} Tage: Was früher verfiele, verfällt am nächsten solchen Termin.",
        },
        "expiry.calendar": (
            "Sie verfallen am Ende des Zeitraums, in dem sie gesammelt wurden; Zeiträume enden am {listed}."
        ),
        "expiry.calendar.later": {
            "one": (
                "Sie verfallen am Ende des Zeitraums nach dem, in dem sie gesammelt wurden; "
                "Zeiträume enden am {listed}."
            ),
            "other": (
                "Sie verfallen {n} Zeiträume nach dem, in dem sie gesammelt wurden; Zeiträume enden am {listed}."
            ),
        },
        "expiry.until": "{listed} und so weiter bis {last}",
        "expiry.span.months": {"one": "einen Monat", "other": "{n} Monate"},
        "expiry.span.days": {"one": "einen Tag", "other": "{n} Tage"},
        "expiry.rolling.day": "Sie verfallen {span} nach dem Sammeln.",
        "expiry.rolling.month": "Sie verfallen {span} nach dem Sammeln, am Ende jenes Monats.",
        "expiry.rolling.quarter": "Sie verfallen {span} nach dem Sammeln, am Ende jenes Quartals.",
        "expiry.rolling.half_year": "Sie verfallen {span} nach dem Sammeln, am Ende jenes Halbjahrs.",
        "expiry.rolling.year": "Sie verfallen {span} nach dem Sammeln, am Ende jenes Jahres.",
        "expiry.inactivity.day": "Sie verfallen {span}, nachdem zuletzt etwas davon geschah: {listed}.",
        "expiry.inactivity.month": (
            "Sie verfallen {span}, nachdem zuletzt etwas davon geschah, am Ende jenes Monats: {listed}."
        ),
        "expiry.inactivity.quarter": (
            "Sie verfallen {span}, nachdem zuletzt etwas davon geschah, am Ende jenes Quartals: {listed}."
        ),
        "expiry.inactivity.half_year": (
            "Sie verfallen {span}, nachdem zuletzt etwas davon geschah, am Ende jenes Halbjahrs: {listed}."
        ),
        "expiry.inactivity.year": (
            "Sie verfallen {span}, nachdem zuletzt etwas davon geschah, am Ende jenes Jahres: {listed}."
        ),
        "expiry.purchase": "Einkauf",
        "expiry.activity": "„{name}“",
        "expiry.fixed": "Sie verfallen am Ende des {day}.",
        "expiry.fixed.table": "Sie verfallen an einem Tag, der davon abhängt, wann sie gesammelt wurden: {listed}.",
        "expiry.fixed.row": "gesammelt bis {earned}, Verfall am Ende des {lapses}",
        "expiry.anniversary": "Sie verfallen am Ende des Mitgliedsjahres, in dem sie gesammelt wurden.",
        "expiry.anniversary.later": {
            "one": "Sie verfallen am Ende des Mitgliedsjahres nach dem, in dem sie gesammelt wurden.",
            "other": "Sie verfallen {n} Mitgliedsjahre nach dem, in dem sie gesammelt wurden.",
        },
        "expiry.for": "Für Mitglieder {who}: {told}",
        "expiry.of-tiers": "der Stufe {listed}",
        "expiry.of-segments": "der Gruppe {listed}",
        "expiry.own": "{what} mit eigenem Verfall ({told})",
        "extend.points": "Punkte",
        "extend.next": "die nächsten verfallenden {wallet}",
        "extend.all": "alle {wallet}",
        "extend.older": {
            "one": "{what}, die vor mindestens einem Tag gesammelt wurden,",
            "other": "{what}, die vor mindestens {n} Tagen gesammelt wurden,",
        },
        "extend.younger": {
            "one": "{what}, die vor höchstens einem Tag gesammelt wurden,",
            "other": "{what}, die vor höchstens {n} Tagen gesammelt wurden,",
        },
        "extend.both": "{what}, die vor {least} bis {most} Tagen gesammelt wurden,",
        "extend.boundaries": {
            "one": "{what} verfallen einen Termin später",
            "other": "{what} verfallen {n} Termine später",
        },
        "extend.boundaries.now": {
            "one": "{what} verfallen einen Termin nach dem nächsten",
            "other": "{what} verfallen {n} Termine nach dem nächsten",
        },
        "extend.days": {
            "one": "{what} gelten mindestens einen Tag länger",
            "other": "{what} gelten mindestens {n} Tage länger",
        },
        "extend.days.now": {
            "one": "{what} gelten von da an noch mindestens einen Tag",
            "other": "{what} gelten von da an noch mindestens {n} Tage",
        },
        "extend.most-points": {"one": "{told}; höchstens {n} Punkt", "other": "{told}; höchstens {n} Punkte"},
        "extend.most": {
            "one": "{told}, höchstens einen Tag vom Sammeln an",
            "other": "{told}, höchstens {n} Tage vom Sammeln an",
        },
    }
)
