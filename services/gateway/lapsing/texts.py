"""What a member is told of points that lapse, in every language."""

from __future__ import annotations

from libs.language.catalogue import Catalogue

LAPSING = Catalogue(
    {
        "en": {
            "title": "What lapses, and how to keep it",
            "rules": "The rules, as members are told them",
            "nothing": "Nothing lapses as things are.",
            "lapses": "{points} lapse at the end of {day}.",
            "left": {"one": "That is in {n} day.", "other": "That is in {n} days."},
            "today": "That is today.",
            "together": "It is the same day for everybody.",
            "spared.tier": "{points} would lapse at the end of {day}: they live on, for your level is {name}.",
            "spared.segment": "{points} would lapse at the end of {day}: they live on, for you are one of “{name}”.",
            "spared.member": "{points} would lapse at the end of {day}: they live on, for we promised so ({name}).",
            "if.tier": "Should you have another level by then, they lapse.",
            "if.segment": "Should you be none of them by then, they lapse.",
            "if.member": "The promise is for a time; after it they lapse as those of others.",
            "debt": "You owe {points}: what you earn next pays that first, and only then points can be spent.",
            "lent": (
                "{points} are lent to you: {percent} % of what you earn next repay them; what is left at the end of "
                "{day} is owed."
            ),
            "spend": "Spend {points} by then, and nothing is lost: what lapses first is always taken first.",
            "alive": "Or {listed} by then: that keeps them alive.",
            "buy": "buy something",
            "do": "be there for “{name}”",
            "level": "Or reach the level {name} by then: {which}.",
            "offer": "{name}: {sentence}",
        },
        "de": {
            "title": "Was verfällt, und wie man es behält",
            "rules": "Die Regeln, wie Mitglieder sie lesen",
            "nothing": "Zurzeit verfällt nichts.",
            "lapses": "{points} verfallen mit Ablauf des {day}.",
            "left": {"one": "Das ist in {n} Tag.", "other": "Das ist in {n} Tagen."},
            "today": "Das ist heute.",
            "together": "Der Tag ist für alle derselbe.",
            "spared.tier": (
                "{points} würden mit Ablauf des {day} verfallen: Sie bleiben gültig, denn Ihre Stufe ist {name}."
            ),
            "spared.segment": (
                "{points} würden mit Ablauf des {day} verfallen: Sie bleiben gültig, denn Sie gehören zu „{name}“."
            ),
            "spared.member": (
                "{points} würden mit Ablauf des {day} verfallen: Sie bleiben gültig, so haben wir es zugesagt ({name})."
            ),
            "if.tier": "Haben Sie bis dahin eine andere Stufe, verfallen sie.",
            "if.segment": "Gehören Sie bis dahin nicht mehr dazu, verfallen sie.",
            "if.member": "Die Zusage gilt für eine Zeit; danach verfallen sie wie die anderer.",
            "debt": (
                "Sie schulden {points}: Was Sie als Nächstes sammeln, gleicht das zuerst aus, und erst dann lassen "
                "sich Punkte ausgeben."
            ),
            "lent": (
                "{points} sind Ihnen geliehen: {percent} % von allem, was Sie als Nächstes sammeln, zahlen sie zurück; "
                "was mit Ablauf des {day} übrig ist, schulden Sie."
            ),
            "spend": (
                "Geben Sie bis dahin {points} aus, und nichts geht verloren: Was zuerst verfällt, wird immer zuerst "
                "genommen."
            ),
            "alive": "Oder {listed} bis dahin: Das hält sie am Leben.",
            "buy": "kaufen Sie etwas",
            "do": "machen Sie bei „{name}“ mit",
            "level": "Oder erreichen Sie bis dahin die Stufe {name}: {which}.",
            "offer": "{name}: {sentence}",
        },
    }
)
