"""What is said of a mix of rewards, in every language."""

from __future__ import annotations

from libs.language import wording
from libs.language.catalogue import Catalogue
from services.gateway.mix.proposing import Proposal

MIX = Catalogue(
    {
        "en": {
            "title": "The mix of rewards",
            "to-catalogue": "The catalogue",
            "days": "Over so many days",
            "show": "Show",
            "none": "There is nothing in the catalogue.",
            "members": "{members} members",
            "ordering": "{percent} % ordered something",
            "reached": "{percent} % have the points for something",
            "middle": "Half of those with points have {points} or more",
            "kinds": "Pieces by kind",
            "proposals": "What would make it better",
            "no-proposals": "There is nothing that stands out.",
            "caption": "Rewards on offer, the most asked for first",
            "reward": "Reward",
            "kind": "Kind",
            "price": "From points",
            "pieces": "Pieces",
            "who": "By level",
            "points": "Points spent",
            "cost": "Worth",
            "reach": "Within reach",
            "wished": "Wished for",
            "liked": "Stars",
            "no-level": "no level",
            "p.out-of-reach": "Only {percent} % of the members have the points for anything. The cheapest reward "
            "takes {least}; one for about {middle} points would be within reach of half of those with points.",
            "p.few-take-part": "Only {percent} % of the members ordered something: tell them what they can have, by "
            "a message to whom a reward is within reach.",
            "p.wished-sold-out": "“{title}” is sold out, and {wished} members wish for it: get more.",
            "p.wished-too-dear": "{wished} members wish for “{title}”, and few have the {price} points: let money "
            "stand beside points, or make it cheaper.",
            "p.never-asked": "Nobody asked or wished for “{title}” ({price} points): show it better, make it "
            "cheaper, or retire it.",
            "p.disliked": "“{title}” has {stars} stars by {ratings} members: read what they say, and change or "
            "retire it.",
            "p.one-kind": "{percent} % of all pieces are of the kind {kind}. There is nothing of these kinds: "
            "{missing}.",
            "p.level-without": "{members} members at the level {level} have no reward and no price of their own: "
            "reward them for being there.",
        },
        "de": {
            "title": "Die Mischung der Prämien",
            "to-catalogue": "Der Prämienkatalog",
            "days": "Über so viele Tage",
            "show": "Zeigen",
            "none": "Im Katalog ist nichts.",
            "members": "{members} Mitglieder",
            "ordering": "{percent} % haben etwas bestellt",
            "reached": "{percent} % haben die Punkte für etwas",
            "middle": "Die Hälfte derer mit Punkten hat {points} oder mehr",
            "kinds": "Stück nach Art",
            "proposals": "Was sie besser machte",
            "no-proposals": "Nichts fällt auf.",
            "caption": "Angebotene Prämien, die gefragtesten zuerst",
            "reward": "Prämie",
            "kind": "Art",
            "price": "Ab Punkten",
            "pieces": "Stück",
            "who": "Nach Stufe",
            "points": "Ausgegebene Punkte",
            "cost": "Wert",
            "reach": "Erreichbar",
            "wished": "Gewünscht",
            "liked": "Sterne",
            "no-level": "ohne Stufe",
            "p.out-of-reach": "Nur {percent} % der Mitglieder haben die Punkte für irgendetwas. Die günstigste "
            "Prämie kostet {least}; eine für etwa {middle} Punkte könnte die Hälfte derer mit Punkten haben.",
            "p.few-take-part": "Nur {percent} % der Mitglieder haben etwas bestellt: Sagen Sie es in einer Nachricht "
            "denen, für die eine Prämie erreichbar ist.",
            "p.wished-sold-out": "„{title}“ ist vergriffen, und {wished} Mitglieder wünschen es sich: beschaffen Sie "
            "mehr.",
            "p.wished-too-dear": "{wished} Mitglieder wünschen sich „{title}“, und wenige haben die {price} Punkte: "
            "Lassen Sie Geld zuzahlen oder machen Sie es günstiger.",
            "p.never-asked": "Niemand hat „{title}“ ({price} Punkte) bestellt oder sich gewünscht: zeigen Sie es "
            "besser, machen Sie es günstiger, oder nehmen Sie es heraus.",
            "p.disliked": "„{title}“ hat {stars} Sterne von {ratings} Mitgliedern: Lesen Sie, was sie sagen, und "
            "ändern Sie es.",
            "p.one-kind": "{percent} % aller Stücke sind von der Art {kind}. Von diesen Arten gibt es nichts: "
            "{missing}.",
            "p.level-without": "{members} Mitglieder auf der Stufe {level} haben keine eigene Prämie und keinen "
            "eigenen Preis: belohnen Sie sie dafür.",
        },
    }
)
"""To who is signed in, and to whoever asks."""


def in_words(proposal: Proposal, language: str) -> str:
    """Say a proposal with its figures."""
    said: dict[str, object] = {
        name: wording.number(value, language) if isinstance(value, int) else value
        for name, value in proposal.figures.items()
        if name != "hundredths"
    }
    if "hundredths" in proposal.figures:
        said["stars"] = wording.number(int(proposal.figures["hundredths"]), language, 2)
    return MIX.say(language, f"p.{proposal.code}", **said)
