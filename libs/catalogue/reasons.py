"""Why a reward is out of reach: codes with figures, and their words. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from libs.language.catalogue import Catalogue
from libs.language.wording import number


class Reason(NamedTuple):
    """Why somebody can't have a reward, by a code; `figures` are whole numbers that its words name."""

    code: str
    figures: Mapping[str, int] = MappingProxyType({})

    def words(self, language: str) -> str:
        """Say it to a reader."""
        told = {name: number(value, language) for name, value in self.figures.items()}
        return REASONS.say(language, self.code, **told)


REASONS = Catalogue(
    {
        "en": {
            "not-live": "It is not offered.",
            "not-available-yet": "It can't be had yet.",
            "no-longer-available": "It can't be had any more.",
            "closed-now": "It can be had on other days or at other hours.",
            "tier": "It is for members of another level.",
            "segment": "It is for other members.",
            "list": "It is for invited members.",
            "store": "It can't be had in this store.",
            "partner": "It can't be had at this partner.",
            "country": "It can't be had in this country.",
            "store-needed": "It is kept by store: name one.",
            "referrals-needed": "More friends must have joined through you.",
            "not-for-you": "It is made for members with other likings.",
            "no-price": "There is no price for you, here and now.",
            "plan-unknown": "There is no such price for you, here and now.",
            "points-outside": "With this price, that many points can't be paid.",
            "sold-out": "There are {left} left.",
            "member-limit": "A member may have {most} of it in this time, and you had {had}.",
            "total-limit": "Of {most} in this time, {used} are taken.",
            "in-debt": "Points are owed; they come first.",
            "insufficient-points": "{missing} points are missing.",
        },
        "de": {
            "not-live": "Sie wird nicht angeboten.",
            "not-available-yet": "Sie ist noch nicht erhältlich.",
            "no-longer-available": "Sie ist nicht mehr erhältlich.",
            "closed-now": "Sie ist an anderen Tagen oder zu anderen Zeiten erhältlich.",
            "tier": "Sie ist für Mitglieder einer anderen Stufe.",
            "segment": "Sie ist für andere Mitglieder.",
            "list": "Sie ist für geladene Mitglieder.",
            "store": "Sie ist in dieser Filiale nicht erhältlich.",
            "partner": "Sie ist bei diesem Partner nicht erhältlich.",
            "country": "Sie ist in diesem Land nicht erhältlich.",
            "store-needed": "Sie wird je Filiale geführt: bitte eine nennen.",
            "referrals-needed": "Es müssen mehr Freunde durch Sie beigetreten sein.",
            "not-for-you": "Sie ist für Mitglieder mit anderen Vorlieben.",
            "no-price": "Für Sie gibt es hier und jetzt keinen Preis.",
            "plan-unknown": "Diesen Preis gibt es für Sie hier und jetzt nicht.",
            "points-outside": "So viele Punkte lassen sich bei diesem Preis nicht zahlen.",
            "sold-out": "Es sind noch {left} da.",
            "member-limit": "Ein Mitglied kann in dieser Zeit {most} davon haben, und Sie hatten {had}.",
            "total-limit": "Von {most} in dieser Zeit sind {used} vergeben.",
            "in-debt": "Es sind Punkte geschuldet; die gehen vor.",
            "insufficient-points": "Es fehlen {missing} Punkte.",
        },
    }
)
