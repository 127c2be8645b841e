"""What has to do with wallets, worth and expiry, as the form names its fields, in every language."""

from __future__ import annotations

FIELDS: dict[str, dict[str, str]] = {
    "en": {
        "at_least_days": "but live at least so many days",
        "before_expiry": "before points lapse",
        "day": "lapse at the end of",
        "earned_to": "earned up to",
        "expiry": "a date of their own",
        "extra_periods": "whole periods more",
        "extra_years": "whole years more",
        "lapses_on": "lapse at the end of",
        "last_days": "last days of periods",
        "rounded_to": "on to the end of",
        "table": "by when they were earned",
        "wallet": "kind of points",
        "worth_minor": "what one costs",
        "year_starts_in": "years begin in month",
        "yearly": "last days of periods, every year",
    },
    "de": {
        "at_least_days": "aber mindestens so viele Tage gültig",
        "before_expiry": "vor dem Verfall",
        "day": "Verfall am Ende des",
        "earned_to": "gesammelt bis",
        "expiry": "eigener Verfall",
        "extra_periods": "ganze Zeiträume mehr",
        "extra_years": "ganze Jahre mehr",
        "lapses_on": "Verfall am Ende des",
        "last_days": "letzte Tage der Zeiträume",
        "rounded_to": "weiter bis zum Ende",
        "table": "nach dem Tag des Sammelns",
        "wallet": "Punktekonto",
        "worth_minor": "was eines kostet",
        "year_starts_in": "Jahre beginnen im Monat",
        "yearly": "letzte Tage der Zeiträume, jedes Jahr",
    },
}

CHOICES: dict[str, dict[str, str]] = {
    "en": {
        "rounded_to.day": "the day",
        "rounded_to.month": "the month",
        "rounded_to.quarter": "the quarter",
        "rounded_to.half_year": "the half-year",
        "rounded_to.year": "the year",
    },
    "de": {
        "rounded_to.day": "des Tages",
        "rounded_to.month": "des Monats",
        "rounded_to.quarter": "des Quartals",
        "rounded_to.half_year": "des Halbjahrs",
        "rounded_to.year": "des Jahres",
    },
}
