"""Households in words, in every language: what is shared, what may be spent, who is asked."""

from __future__ import annotations

from collections.abc import Iterator
from types import MappingProxyType

from libs.contracts.households import MemberHouseholdView, PurseView
from libs.language.catalogue import Catalogue
from libs.language.wording import day, number

WORDS = Catalogue(
    {
        "en": MappingProxyType(
            {
                "pooled": "Your household shares all points.",
                "percentage": "Your household shares {percent} % of each lot of points.",
                "own": "Everybody in your household spends what is theirs.",
                "none": "The programme lets households share no points now.",
                "role.owner": "You are an owner of it.",
                "role.adult": "You are an adult in it.",
                "role.child": "You are a child in it, and spend your own points.",
                "spend": "You may spend {spendable} {wallet}: {own} of your own and {others} of the others, "
                "who share {shared}.",
                "invited": "A household asks you to join as {role}, until {day}.",
                "title": "Household",
                "owner": "owner",
                "adult": "adult",
                "child": "child",
                "invited.state": "asked to join",
                "joined.state": "belongs to it",
                "who": "Member",
                "what": "Role",
                "accept": "Join it",
                "decline": "No, thank you",
                "leave": "Leave the household",
                "found": "Found a household",
                "leave.why": "Whoever leaves takes all of their own points along.",
                "yours": "you",
                "shares": "Shares",
                "redeem": "A member of the household spent points",
                "hold": "A member of the household reserved points",
                "commit": "A member of the household spent what was reserved",
                "release": "Points that the household had reserved are free again",
                "restore": "Points that the household had spent came back",
                "refused": "That did not work, and nothing was changed.",
                "back": "Back to the rewards",
                "alone": "You are in no household.",
                "consent": "If you join, the others may spend what is shared of your points, until you leave.",
            }
        ),
        "de": MappingProxyType(
            {
                "pooled": "Ihr Haushalt teilt alle Punkte.",
                "percentage": "Ihr Haushalt teilt {percent} % von jeder Gutschrift.",
                "own": "In Ihrem Haushalt gibt jeder aus, was ihm gehört.",
                "none": "Das Programm lässt Haushalte zurzeit keine Punkte teilen.",
                "role.owner": "Er gehört Ihnen mit.",
                "role.adult": "Sie sind darin erwachsen.",
                "role.child": "Sie sind darin ein Kind und geben eigene Punkte aus.",
                "spend": "Sie können {spendable} {wallet} ausgeben: {own} eigene und {others} von den anderen, "
                "die {shared} teilen.",
                "invited": "Ein Haushalt bittet Sie, bis {day} als {role} beizutreten.",
                "title": "Haushalt",
                "owner": "Inhaber",
                "adult": "Erwachsener",
                "child": "Kind",
                "invited.state": "ist eingeladen",
                "joined.state": "gehört dazu",
                "who": "Mitglied",
                "what": "Rolle",
                "accept": "Beitreten",
                "decline": "Nein, danke",
                "leave": "Den Haushalt verlassen",
                "found": "Einen Haushalt gründen",
                "leave.why": "Wer geht, nimmt alle eigenen Punkte mit.",
                "yours": "Sie",
                "shares": "Teilt",
                "redeem": "Ein Mitglied des Haushalts hat Punkte ausgegeben",
                "hold": "Ein Mitglied des Haushalts hat Punkte zurückgelegt",
                "commit": "Ein Mitglied des Haushalts hat ausgegeben, was zurückgelegt war",
                "release": "Punkte, die der Haushalt zurückgelegt hatte, sind wieder frei",
                "restore": "Punkte, die der Haushalt ausgegeben hatte, kamen zurück",
                "refused": "Das hat nicht geklappt, und nichts wurde geändert.",
                "back": "Zurück zu den Prämien",
                "alone": "Sie gehören zu keinem Haushalt.",
                "consent": "Wenn Sie beitreten, können die anderen ausgeben, was Ihr Haushalt von Ihren Punkten teilt, "
                "bis Sie gehen.",
            }
        ),
    }
)


MOVEMENTS = frozenset({"redeem", "hold", "commit", "release", "restore"})
"""The kinds of movements by which others of a household take lots, or give them back."""


def told(view: MemberHouseholdView, language: str) -> Iterator[str]:
    """Say what a member has of a household, and which ask the member to join."""
    if view.household is not None:
        mode = view.household.mode or "none"
        yield WORDS.say(language, mode, percent=view.household.percent)
        if view.role is not None:
            yield WORDS.say(language, f"role.{view.role}")
    yield from (_spend(purse, language) for purse in view.purses)
    for each in view.invitations:
        yield WORDS.say(language, "invited", role=WORDS.say(language, each.role), day=day(each.until.date(), language))


def _spend(purse: PurseView, language: str) -> str:
    def points(amount: int) -> str:
        return number(amount, language, purse.scale)

    return WORDS.say(
        language,
        "spend",
        wallet=purse.wallet,
        spendable=points(purse.spendable),
        own=points(purse.own),
        others=points(purse.may_spend_of_others),
        shared=points(purse.of_others),
    )
