"""Does the wizard propose the right meaning, say how sure it is, and leave the decision to a person?"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from kalanso.definitions import immunization_package, load
from kalanso.sources import BadFile
from kalanso.sources.dhis2 import Meanings, Metadata, load_meanings, suggest
from kalanso.sources.dhis2.meanings import ElementMeaning, from_document

DEFAULT = [{"id": "HllvX50cXC0", "name": "default"}]


def element(
    uid: str, name: str, code: str = "", options: list[dict[str, str]] | None = None, **more: Any
) -> dict[str, Any]:
    return {
        "id": uid, "name": name, "code": code, "valueType": "INTEGER_ZERO_OR_POSITIVE",
        "categoryCombo": {"id": "c", "categoryOptionCombos": options or DEFAULT}, **more,
    }  # fmt: skip


def proposals(*elements: dict[str, Any], period_type: str = "Monthly") -> list[ElementMeaning]:
    form = {
        "id": "DS",
        "name": "PEV",
        "periodType": period_type,
        "dataSetElements": [{"dataElement": {"id": e["id"]}} for e in elements],
    }
    metadata = Metadata(
        lists={"dataElements": list(elements), "dataSets": [form], "organisationUnitLevels": []}
    )
    return list(suggest(metadata, load("ML")).elements)


def one(*args: Any, **told: Any) -> ElementMeaning:
    (found,) = proposals(element(*args, **told))
    return found


@pytest.mark.parametrize(
    ("uid", "code", "name", "indicator", "method"),
    [
        ("hJJlOnVOkV2", "", "whatever", "dtp1_doses", "package_uid"),
        ("x", "EPI_DPT-HEPB-HIB3_GIVEN", "whatever", "dtp3_doses", "package_code"),
        ("x", "epi_opv_0_given", "whatever", "opv0_doses", "package_code"),
        ("x", "dtp1_doses", "whatever", "dtp1_doses", "own_code"),
        ("x", "", "Penta 1", "dtp1_doses", "words"),
        ("x", "", "PEV - Nombre d'enfants vaccinés en DTC-HepB-Hib3", "dtp3_doses", "words"),
        ("x", "", "EPI - BCG doses given", "bcg_doses", "words"),
        ("x", "", "VAR 1", "mcv1_doses", "words"),
        ("x", "", "CPN 1", "anc1_visits", "words"),
        ("x", "", "Accouchement dans une formation sanitaire", "facility_deliveries", "likeness"),
        ("x", "", "Surviving infants (target)", "", ""),
        ("x", "", "Paludisme simple traité", "", ""),
        ("x", "", "Stock de Penta", "", ""),
        ("x", "", "EPI - BCG received", "", ""),
        ("x", "", "VAA périmés", "", ""),
        ("x", "", "Enfants ayant reçu le Penta 3", "dtp3_doses", "words"),
        ("x", "", "EPI - TT 5 doses given", "", ""),
    ],
)  # fmt: skip
def test_an_element_is_proposed_by_the_surest_way(
    uid: str, code: str, name: str, indicator: str, method: str
) -> None:
    found = one(uid, name, code)
    assert (found.indicator, found.method, found.status) == (indicator, method, "proposed")
    assert (found.score > 0.5) == bool(indicator) or method == "likeness"


def test_a_number_is_never_taken_for_its_neighbour() -> None:
    """Penta 1 and Penta 3 differ by one sign of many: likeness alone would confuse them."""
    for number in (1, 2, 3):
        assert one("x", f"Dose de Penta {number} (DTC {number})").indicator in {f"dtp{number}_doses", ""}


def test_options_say_the_age_and_those_that_say_nothing_known_are_doubted() -> None:
    options = [
        {"id": "JKuWbG5bWAu", "name": "<1 year", "code": "EPI-U01Y"}, {"id": "UIQxmxgioxH", "name": "1+ year"},
        {"id": "o3", "name": "12-23 mois, Stratégie avancée"}, {"id": "o4", "name": "Féminin, 0-11 mois"},
        {"id": "o5", "name": "Réfugiés, 0-11 mois"},
    ]  # fmt: skip
    found = {e.option: e for e in proposals(element("x", "Penta 1", options=options))}
    told = {k: (e.age_band, e.strategy, e.sex, e.doubt) for k, e in found.items()}
    assert told == {
        "JKuWbG5bWAu": ("0-11m", "", "", ""), "UIQxmxgioxH": ("12-23m", "", "", "package_unsure"),
        "o3": ("12-23m", "outreach", "", ""), "o4": ("0-11m", "", "female", ""),
        "o5": ("0-11m", "", "", "option_unknown"),
    }  # fmt: skip
    assert found["o5"].score < found["o4"].score


def test_two_elements_of_one_meaning_are_both_doubted() -> None:
    found = proposals(element("a", "Penta 1"), element("b", "Pentavalent 1"), element("c", "BCG"))
    assert {e.element: e.doubt for e in found} == {"a": "twin", "b": "twin", "c": ""}


def test_texts_and_forms_that_cannot_be_read_are_left_out() -> None:
    assert proposals(element("x", "Penta 1", valueType="TEXT")) == []
    assert proposals(element("x", "Penta 1"), period_type="Daily") == []


def test_translations_are_looked_at_too() -> None:
    french = [{"property": "NAME", "locale": "fr", "value": "PEV - VPO 3"}]
    assert one("x", "EPI - oral third", translations=french).indicator == "opv3_doses"


def test_only_what_is_sure_is_confirmed_at_once_and_by_a_person() -> None:
    found = Meanings(
        elements=(
            ElementMeaning(element="a", indicator="bcg_doses", method="package_uid", score=1.0),
            ElementMeaning(element="b", indicator="dtp1_doses", method="words", score=0.9),
            ElementMeaning(
                element="c", indicator="dtp1_doses", method="package_code", score=1.0, doubt="twin"
            ),
            ElementMeaning(
                element="d", indicator="mcv1_doses", method="package_uid", score=1.0, status="rejected"
            ),
        )
    )
    done = found.decided(
        "confirmed", by="A. Traoré", on=date(2025, 1, 15), methods={"package_uid", "package_code"}
    )
    assert [(e.element, e.by, e.on) for e in done.confirmed] == [("a", "A. Traoré", "2025-01-15")]
    assert [e.element for e in done.open] == ["b", "c"]


def test_a_new_look_keeps_what_was_decided_before() -> None:
    before = Meanings(
        source="snis", levels={1: "country", 2: "region"}, data_sets=("DS",),
        elements=(
            ElementMeaning(element="a", indicator="bcg_doses", status="confirmed", by="A."),
            ElementMeaning(element="gone", indicator="yf_doses", status="confirmed"), ElementMeaning(element="b"),
        ),
    )  # fmt: skip
    after = Meanings(
        elements=(
            ElementMeaning(element="a", indicator="dtp1_doses"),
            ElementMeaning(element="b", indicator="opv1_doses"),
        )
    )
    kept = after.kept_from(before)
    assert {e.element: (e.indicator, e.status) for e in kept.elements} == {
        "a": ("bcg_doses", "confirmed"), "b": ("opv1_doses", "proposed"), "gone": ("yf_doses", "confirmed"),
    }  # fmt: skip
    assert (kept.source, kept.levels) == ("snis", before.levels)


def test_the_document_survives_being_written_and_read(tmp_path: Path) -> None:
    written = Meanings(
        server="https://snis.example.org", source="mali-snis", levels={1: "country", 3: "district"}, data_sets=("DS",),
        feed="analytics", elements=(
            ElementMeaning(element="a", option="o", name="Penta 1: “é”, [x]", indicator="dtp1_doses", age_band="0-11m", score=0.9, method="words"),
            ElementMeaning(element="b", status="rejected", by="A. Traoré", on="2025-01-15", attributes="sum"),
            ElementMeaning(element="c", indicator="stock_closing_doses", product="bcg", doses_each=20),
        ),
    )  # fmt: skip
    assert load_meanings(written.save(tmp_path / "plan.yaml")) == written
    assert load_meanings(Meanings().save(tmp_path / "empty.yaml")) == Meanings()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("elements: [{element: a, statut: confirmed}]", "statut"), ("elements: [{element: a, status: yes}]", "status"),
        ("elements: [{option: a}]", "element"), ("elements: [{element: a, status: confirmed}]", "indicator"),
        ("elements: [{element: a, age_band: 0-5m}]", "0-11m"), ("elements: [{element: a, score: 7}]", "score"),
        ("elements: [{element: a}, {element: a}]", "stands already"), ("levels: {2: province}", "region"),
        ("levels: [1]", "levels"), ("data_sets: DS", "data_sets"), ("elements: {a: b}", "elements"), ("version: 2", "version"),
        ("feed: exports", "values, analytics"),
        ("elements: [{element: a, indicator: dtp1_doses, doses_each: 10}]", "stock_closing_doses"),
        ("elements: [{element: a, indicator: doses_used, doses_each: 0}]", "1–100"),
        ("elements: [{element: a, indicator: doses_used, doses_each: 2.5}]", "doses_each"),
        ("- a", "plan.yaml"), ("a: [", "plan.yaml"), ("element: []", "elements"),
        ("elements: [{element: a, status: confirmed, indicator: x}, {element: a, option: o, status: confirmed, indicator: x}]", "twice"),
    ],
)  # fmt: skip
def test_a_document_that_is_wrong_says_where(text: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "plan.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BadFile) as caught:
        load_meanings(path)
    assert said in caught.value.render("en")
    assert caught.value.render("fr")


def test_a_document_that_is_not_there_or_no_text_is_said(tmp_path: Path) -> None:
    with pytest.raises(BadFile):
        load_meanings(tmp_path / "none.yaml")
    (tmp_path / "x.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadFile):
        load_meanings(tmp_path / "x.yaml")
    assert from_document({}) == Meanings()


def test_a_meaning_without_an_age_is_of_unknown_age_for_doses_only() -> None:
    assert ElementMeaning(element="a", indicator="dtp1_doses").meaning.age_band == "unknown"
    assert ElementMeaning(element="a", indicator="live_births").meaning.age_band == "all"


def test_what_is_shipped_of_the_package_are_facts_that_fit_the_pack() -> None:
    package, pack = immunization_package(), load("ML")
    assert len({e.code for e in package.elements.values()}) >= 60
    for fact in package.elements.values():
        assert fact.indicator in pack.indicators
        assert not fact.product or fact.product in {p.code for p in pack.products}


def test_the_package_of_the_who_is_recognised_whole(shared_data: Path) -> None:
    """Every code and uid that is shipped is that of the package, and every dose of the package is proposed."""
    whole = json.loads((shared_data / "dhis2" / "epi_package.json").read_text(encoding="utf-8"))
    theirs = {e["id"]: e["code"] for e in whole["dataElements"]}
    package = immunization_package()
    assert {e.uid: e.code for e in package.elements.values()}.items() <= theirs.items()
    combos = {c["id"]: c for c in whole["categoryCombos"]}
    options = {o["id"]: o for o in whole["categoryOptionCombos"]}
    for entry in whole["dataElements"]:
        combo = combos[entry["categoryCombo"]["id"]]
        listed = [options[o["id"]] for o in combo.get("categoryOptionCombos", []) if o["id"] in options]
        entry["categoryCombo"] = {"id": combo["id"], "categoryOptionCombos": listed}
    metadata = Metadata(
        lists={
            "dataElements": whole["dataElements"],
            "dataSets": whole["dataSets"],
            "organisationUnitLevels": [],
        }
    )
    found = suggest(metadata, load("ML")).elements
    given = {
        e["id"]
        for e in whole["dataElements"]
        if e["code"].endswith("_GIVEN") and not e["code"].startswith(("EPI_TT3", "EPI_TT_4", "EPI_TT5"))
    }
    proposed = {e.element for e in found if e.indicator.endswith("_doses") and e.method.startswith("package")}
    assert given <= proposed
    # The same from the names alone, as on a server with other identifiers: doses right or left open, never another.
    bare = [{**e, "id": f"other{n:06d}", "code": ""} for n, e in enumerate(whole["dataElements"])]
    forms = [{**whole["dataSets"][0], "dataSetElements": [{"dataElement": {"id": e["id"]}} for e in bare]}]
    by_name = suggest(
        Metadata(lists={"dataElements": bare, "dataSets": forms, "organisationUnitLevels": []}), load("ML")
    )
    truth = {
        f"other{n:06d}": package.elements[uid].indicator
        for n, uid in enumerate(theirs)
        if uid in package.elements
    }
    doses = [
        e
        for e in by_name.elements
        if truth.get(e.element, "").endswith("_doses") and not truth[e.element].startswith(("doses", "stock"))
    ]
    right = [e for e in doses if e.indicator == truth[e.element]]
    assert [e.name for e in doses if e.indicator not in {truth[e.element], ""}] == []
    assert len(right) >= 0.85 * len(doses), "all but the two of rotavirus, which the package calls RV"
    sure = [e for e in by_name.elements if e.indicator and not e.doubt and e.element not in truth]
    assert [(e.name, e.indicator) for e in sure] == [], (
        "nothing that the package does not count as ours is sure"
    )


def test_replace_keeps_entries_immutable() -> None:
    entry = ElementMeaning(element="a")
    assert replace(entry, status="confirmed").status == "confirmed"
    assert entry.status == "proposed"
