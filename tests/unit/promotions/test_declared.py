"""What a programme declares: activities and attributes with types, products, and what it needs to know of members."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from msgspec import structs

from libs.promotions.compile import compile_programme
from libs.promotions.decide import evaluate, evaluate_activity
from libs.promotions.document import ProgrammeInvalid, parse_programme
from libs.promotions.explain import explain, explain_activity
from libs.promotions.facts import Activity, Line, Receipt
from libs.promotions.history import History, HistoryDay
from libs.promotions.needs import Needs
from tests.unit.promotions.build import MEMBER, THURSDAY, campaign, document, failures, fixed, points, receipt

REVIEW = {"kind": "activity", "activity": "product-reviewed"}
DECLARED = {"activities": [{"name": "product-reviewed", "data": [{"name": "stars", "type": "int"}]}]}
KNOWN = {"attributes": [{"name": "language", "type": "text"}]}


def rule(**rest: Any) -> dict[str, Any]:
    return campaign("c", fixed(5), **rest)


def of_attributes(**asked: Any) -> dict[str, Any]:
    return {"member": {"attributes": [asked]}}


@pytest.mark.parametrize(
    ("text", "path"),
    [
        (document(rule(trigger=REVIEW | {"activity": "product-revewed"}), **DECLARED), "trigger.activity"),
        (
            document(rule(trigger=REVIEW, when={"data": [{"name": "star", "at_least": 4}]}), **DECLARED),
            "when.data[0].name",
        ),
        (
            document(rule(trigger=REVIEW, when={"data": [{"name": "stars", "is": True}]}), **DECLARED),
            "when.data[0].name",
        ),
        (document(rule(trigger=REVIEW, cel="data.star > 4"), **DECLARED), "cel"),
        (document(rule(trigger=REVIEW, cel='data.stars == "4"'), **DECLARED), "cel"),
        (document(rule(cel="data.stars > 4")), "cel"),
        (document(rule(when={"data": [{"name": "stars", "at_least": 4}]})), "when.data"),
        (document(rule(cel='attributes.lang == "de"'), **KNOWN), "cel"),
        (document(rule(when=of_attributes(name="lang", one_of=["de"])), **KNOWN), "when.member.attributes[0].name"),
        (document(rule(when=of_attributes(name="language", at_least=4)), **KNOWN), "when.member.attributes[0].name"),
        (document(rule(when=of_attributes(name="language"))), "when.member.attributes[0].name"),
        (document(rule(when={"partners": ["fuel"]}), partners=[{"id": "fuel-and-go"}]), "when.partners[0]"),
        (document(rule(when={"not_partners": ["fuel"]}), partners=[{"id": "fuel-and-go"}]), "when.not_partners[0]"),
        (document(rule(when={"cities": ["Atlantis"]})), "when"),
        (document(rule(when={"lines": [{"match": "every"}]})), "when.lines[0].match"),
        (
            document(rule(when={"lines": [{"match": "none", "skus": ["a"], "min_quantity": 2}]})),
            "when.lines[0].min_quantity",
        ),
        (document(rule(when={"min_lines": 3, "max_lines": 2})), "when.max_lines"),
        (document(rule(when={"member": {"history": [{"count": "visits"}]}})), "when.member.history[0].min"),
        (document(rule(when={"member": {"nth_purchase": {}}})), "when.member.nth_purchase.numbers"),
        (document(rule(trigger=REVIEW, when={"only_line": "dearest"})), "when.only_line"),
    ],
)
def test_what_makes_no_sense_is_refused_with_the_document(text: dict[str, Any], path: str) -> None:
    with pytest.raises(ProgrammeInvalid) as caught:
        parse_programme(text)
    assert [error.path for error in caught.value.errors] == [f"campaigns[0].{path}"]


@pytest.mark.parametrize(
    ("declared", "cel"), [(DECLARED, "data.stars >= 4"), ({}, "data.stars >= 4"), ({}, 'data["stars"] >= 4')]
)
def test_data_of_an_activity_is_read_and_what_is_missing_pays_nothing(declared: dict[str, Any], cel: str) -> None:
    compiled = compile_programme(parse_programme(document(rule(trigger=REVIEW, cel=cel), **declared)))
    for data, wanted in (({"stars": 4}, 5), ({"stars": 3}, 0), ({}, 0), (None, 0), ({"stars": "5"}, 0)):
        found = evaluate_activity(compiled, Activity("product-reviewed", data=data), MEMBER, THURSDAY, {})
        assert points(found) == wanted, data
        assert bool(found.rule_errors) is (data not in ({"stars": 4}, {"stars": 3}))
        assert explain_activity(found, Activity("product-reviewed", data=data), compiled)["programme_version"] == 1


def test_a_value_of_another_type_is_not_known() -> None:
    asked = [{"name": "stars", "at_least": 1}]
    compiled = compile_programme(parse_programme(document(rule(trigger=REVIEW, when={"data": asked}))))
    for value in ("5", True):
        found = evaluate_activity(compiled, Activity("product-reviewed", data={"stars": value}), MEMBER, THURSDAY, {})
        assert failures(found) == {"c": "data[0]:unknown"}


def test_products_complete_lines() -> None:
    products = [{"sku": "1", "category": "dairy", "brand": "own", "labels": ["bio"]}]
    when = {"categories": ["dairy"], "brands": ["own"], "labels": ["bio"]}
    compiled = compile_programme(parse_programme(document(rule(when=when), products=products)))
    assert points(evaluate(compiled, receipt(Line("1", 1, 100)), MEMBER, THURSDAY, {})) == 5
    assert points(evaluate(compiled, receipt(Line("1", 1, 100, category="cheese")), MEMBER, THURSDAY, {})) == 0
    assert points(evaluate(compiled, receipt(Line("2", 1, 100)), MEMBER, THURSDAY, {})) == 0


@pytest.mark.parametrize(
    ("rules", "needs"),
    [
        ([{}], Needs()),
        ([{"when": {"member": {"birthday": {}}}}], Needs(birthday=True)),
        ([{"when": {"member": {"enrolled": {"max_days": 3}}}}], Needs(joined_on=True)),
        ([{"cel": "days_enrolled < 3"}], Needs(joined_on=True)),
        ([{"when": {"not_segments": ["a"]}}, {"when": {"lists": ["a"]}}], Needs(segments=True, lists=True)),
        ([{"cel": '"a" in segments'}], Needs(segments=True)),
        ([{"cel": 'attributes.a == "b"'}], Needs(attributes=True)),
        (
            [{"when": {"member": {"history": [{"count": "visits", "within": {"days": 30}, "min": 1}]}}}],
            Needs(history=True, history_days=30),
        ),
        (
            [
                {"when": {"member": {"history": [{"count": "visits", "within": {"days": 30}, "min": 1}]}}},
                {"cel": "visits_365_days > 3", "trigger": REVIEW},
            ],
            Needs(history=True, history_days=365),
        ),
        ([{"when": {"member": {"nth_purchase": {"every": 3}}}}], Needs(history=True, history_days=None)),
        ([{"cel": "days_since_purchase > 3"}], Needs(history=True, history_days=None)),
        ([{"state": "draft", "when": {"member": {"nth_purchase": {"every": 3}}}}], Needs()),
    ],
)
def test_a_programme_says_what_it_needs_to_know(rules: list[dict[str, Any]], needs: Needs) -> None:
    campaigns = [rule(**one) | {"id": f"c{number}"} for number, one in enumerate(rules)]
    compiled = compile_programme(parse_programme(document(*campaigns)))
    assert replace(compiled.needs, windows=()) == needs
    assert bool(compiled.needs.windows) is needs.history
    assert (compiled.needs_history, compiled.history_days) == (needs.history, needs.history_days)


BOUGHT = receipt(Line("bread", 1, 250, "bakery"), Line("milk", 2, 300, "dairy"), store="7")
LAST_WEEK = History((HistoryDay(date(2016, 12, 29), visits=2, spend_minor=4000, categories=(("dairy", 900),)),))


@pytest.mark.parametrize(
    ("when", "words", "german"),
    [
        (
            {"min_total_minor": 5000},
            "the receipt's total is too low: at least 5000 needed, 550 there",
            "die Summe des Bons ist zu niedrig: mindestens 5000 nötig, 550 vorhanden",
        ),
        (
            {"max_lines": 1},
            "too many lines: at most 1 needed, 2 there",
            "zu viele Positionen: höchstens 1 nötig, 2 vorhanden",
        ),
        (
            {"categories": ["dairy"], "min_quantity": 3},
            "too few pieces: at least 3 needed, 2 there",
            "zu wenige Stück: mindestens 3 nötig, 2 vorhanden",
        ),
        (
            {"not_stores": ["7", "8"]},
            "not in this store: none of 7, 8 needed, 7 there",
            "nicht in dieser Filiale: nichts von 7, 8 nötig, 7 vorhanden",
        ),
        (
            {"lines": [{"categories": ["dairy"], "min_quantity": 3}]},
            "the lines do not meet its condition on them: any line of categories dairy: "
            "1 line, 3 pieces needed, 1 line, 2 pieces there",
            "die Positionen erfüllen ihre Bedingung an sie nicht: irgendeine Position mit Warengruppe dairy: "
            "1 Position, 3 Stück nötig, 1 Position, 2 Stück vorhanden",
        ),
        (
            {"lines": [{"match": "none", "categories": ["dairy"]}]},
            "the lines do not meet its condition on them: no line of categories dairy needed, 1 of 2 there",
            "die Positionen erfüllen ihre Bedingung an sie nicht: keine Position mit Warengruppe dairy nötig, "
            "1 von 2 vorhanden",
        ),
        (
            {
                "member": {
                    "history": [{"count": "spend_minor", "category": "dairy", "within": {"days": 30}, "min": 1000}]
                }
            },
            "the member did too little before, or too much: "
            "minor units spent on dairy in the last 30 days: at least 1000 needed, 900 there",
            "das Mitglied tat davor zu wenig oder zu viel: "
            "kleinste Einheiten Umsatz in dairy in den letzten 30 Tagen: mindestens 1000 nötig, 900 vorhanden",
        ),
        (
            {"member": {"nth_purchase": {"numbers": [1]}}},
            "it is another purchase of the member: number 1 needed, 3 there",
            "es ist ein anderer Einkauf des Mitglieds: Nummer 1 nötig, 3 vorhanden",
        ),
        (
            {"member": {"last_purchase": {"min_days": 30}}},
            "the member's last purchase is not as long ago as it should be, or longer: "
            "at least 30 days ago needed, 7 there",
            "der letzte Einkauf ist nicht so lange her, wie er sein soll, oder länger: "
            "vor mindestens 30 Tagen nötig, 7 vorhanden",
        ),
        (
            {"member": {"attributes": [{"name": "children", "at_least": 1}]}},
            "an attribute of the member is not as it should be: children: at least 1 needed, not known",
            "eine Eigenschaft des Mitglieds ist nicht, wie sie sein soll: children: mindestens 1 nötig, nicht bekannt",
        ),
    ],
)
def test_what_was_missing_is_told_with_its_numbers(when: dict[str, Any], words: str, german: str) -> None:
    compiled = compile_programme(parse_programme(document(rule(when=when))))
    member = structs.replace(MEMBER, history=LAST_WEEK)
    found = evaluate(compiled, BOUGHT, member, THURSDAY, {})
    for language, wanted in (("en", words), ("de", german)):
        (told,) = explain(found, BOUGHT, compiled, None, THURSDAY, language=language)["not_paid"]
        assert told["words"] == wanted


def test_an_hour_is_told_too() -> None:
    compiled = compile_programme(parse_programme(document(rule(frame={"hours": {"from": "08:00", "to": "10:00"}}))))
    found = evaluate(compiled, BOUGHT, MEMBER, THURSDAY, {})
    for language, wanted in (
        ("en", "not at this hour: 08:00 to 10:00 needed, Thu 12:00 there"),
        ("de", "nicht zu dieser Stunde: 08:00 bis 10:00 nötig, es war Do 12:00"),
    ):
        (told,) = explain(found, BOUGHT, compiled, None, THURSDAY, language=language)["not_paid"]
        assert told["words"] == wanted


def test_an_empty_receipt_is_not_every_line() -> None:
    when = {"lines": [{"match": "every", "categories": ["dairy"]}]}
    compiled = compile_programme(parse_programme(document(rule(when=when))))
    assert points(evaluate(compiled, Receipt("USD", 500), MEMBER, THURSDAY, {})) == 0


def test_a_formula_speaks_of_what_is_declared_and_a_typo_dies_with_the_document() -> None:
    def stars(cel: str) -> dict[str, Any]:
        return campaign("c", {"kind": "formula", "cel": cel, "most": 50}, trigger=REVIEW)

    compiled = compile_programme(parse_programme(document(stars("data.stars * 10"), **DECLARED)))
    for data, wanted in (({"stars": 4}, 40), ({"stars": 9}, 50), ({"stars": "4"}, 0), ({}, 0), (None, 0)):
        found = evaluate_activity(compiled, Activity("product-reviewed", data=data), MEMBER, THURSDAY, {})
        assert points(found) == wanted
        assert bool(found.rule_errors) == (wanted == 0)
    for wrong in (
        document(stars("data.star * 10"), **DECLARED),
        document(stars('data.stars + "1"'), **DECLARED),
        document(campaign("c", {"kind": "formula", "cel": "attributes.language", "most": 5}), **KNOWN),
    ):
        with pytest.raises(ProgrammeInvalid) as refused:
            parse_programme(wrong)
        assert [error.path for error in refused.value.errors] == ["campaigns[0].effect.cel"]


def test_a_formula_is_what_a_programme_needs_history_for() -> None:
    formula = {"kind": "formula", "cel": "visits_30_days * 2", "most": 50}
    compiled = compile_programme(parse_programme(document(campaign("c", formula))))
    assert (compiled.needs.history, compiled.needs.history_days) == (True, 30)
