"""Are the packs complete, and is a slip in a file said at once?"""

from __future__ import annotations

import shutil
from datetime import date
from importlib import resources
from pathlib import Path

import pytest

from kalanso import definitions
from kalanso.definitions import PackFault, UnknownCode
from kalanso.vocabulary import Antigen, Dose, Tree

PACKS = Path(str(resources.files("kalanso.definitions") / "packs"))
ROOT = Path(__file__).resolve().parents[2]
# Every row of the standard indicator pack: platform notes, section 1.3.
FRAME = [
    "ZD-1",
    "ZD-2",
    "ZD-3",
    "CV-1",
    "CV-2",
    "CV-3",
    "DO-1",
    "DO-2",
    "EQ-1",
    "EQ-2",
    "SD-1",
    "SD-2",
    "SD-3",
    "MP-1",
    "ID-1",
    "RE-1",
    "GE-1a",
    "GE-1b",
    "LG-1",
    "LG-2",
    "LG-3",
    "FI-1",
    "FI-2",
    "IM-1",
    "IM-2",
    "CO-1",
    "DQ-1",
    "DQ-2",
]


@pytest.fixture
def generic(tmp_path: Path) -> Path:
    """A copy of the generic pack that a test may spoil."""
    return Path(shutil.copytree(PACKS / "generic", tmp_path / "generic"))


def change(folder: Path, file: str, old: str, new: str) -> None:
    text = (folder / file).read_text(encoding="utf-8")
    assert old in text
    (folder / file).write_text(text.replace(old, new, 1), encoding="utf-8")


@pytest.mark.parametrize("country", ["generic", "ML"])
def test_every_row_of_the_monitoring_frame_is_defined_in_both_languages(country: str) -> None:
    pack = definitions.load(country)

    found = {row.frame for row in pack.indicators.values()}

    assert set(FRAME) <= found
    for row in pack.indicators.values():
        assert all(text[locale] for text in (row.name, row.definition, row.source) for locale in ("fr", "en"))


def test_indicators_of_later_parts_say_so_with_numerator_and_source() -> None:
    later = [row for row in definitions.load("ML").indicators.values() if row.computed_by == "later part"]

    assert {row.frame for row in later} >= {"SD-1", "LG-2", "FI-2", "DQ-2"}
    assert all(row.numerator and row.source["fr"] and not row.is_evaluated for row in later)


def test_mali_is_laid_over_the_generic_pack() -> None:
    mali, generic = definitions.load("ML"), definitions.load("generic")

    assert (mali.country.currency, mali.country.time_zone) == ("XOF", "Africa/Bamako")
    assert mali.threshold("denominators.annual_growth") == 0.03
    assert mali.threshold("rec.access_minimum") == generic.threshold("rec.access_minimum") == 0.8
    assert set(mali.indicators) == set(generic.indicators)


@pytest.mark.parametrize("country", ["XX", "ml", "../secret", ""])
def test_a_country_without_a_pack_gets_the_generic_one(country: str) -> None:
    assert definitions.load(country).country.code == "generic"


def test_the_trees_of_mali_are_called_as_people_call_them() -> None:
    mali = definitions.load("ML")

    assert [(rung.name["fr"], rung.seat) for rung in mali.levels_of(Tree.HEALTH)] == [
        ("pays", "CNI"),
        ("région sanitaire", "DRS"),
        ("district sanitaire", "CSRéf"),
        ("aire de santé", "CSCom"),
        ("formation sanitaire", ""),
    ]
    assert [rung.name["fr"] for rung in mali.levels_of(Tree.ADMINISTRATIVE)][2:] == [
        "cercle",
        "arrondissement",
        "commune",
    ]


def test_codes_have_names_in_both_languages_and_unknown_codes_stay_as_they_are() -> None:
    pack = definitions.load("ML")

    assert pack.name("dtp1_doses", "fr") == "Doses de Penta 1 (DTC 1)"
    assert pack.name("district", "fr") == "district sanitaire"
    assert pack.name("rural_remote", "en") == "rural remote"
    assert pack.name("strategy.all", "fr") == "toutes stratégies"
    assert pack.name("age_band.all", "fr") == "tous âges"
    assert pack.name("level.cercle", "fr") == "cercle"
    assert pack.name("hexa", "en") == "Hexa (DTP-HepB-Hib-IPV)"
    assert pack.name("something_new", "fr") == "something_new"
    with pytest.raises(UnknownCode, match="fr, en"):
        pack.name("district", "de")


def test_every_antigen_and_every_coded_value_has_a_name() -> None:
    from kalanso.indicators.tables import AGE_BANDS, PERIOD_TYPES, SECTORS, SEXES, STATUSES, STRATEGIES

    pack = definitions.load("generic")
    sections = {
        "antigen": [a.value for a in Antigen], "status": STATUSES, "age_band": AGE_BANDS, "strategy": STRATEGIES,
        "sector": SECTORS, "sex": SEXES, "period_type": PERIOD_TYPES, "rec": ("1", "2", "3", "4"),
    }  # fmt: skip
    for section, codes in sections.items():
        assert set(codes) <= set(pack.names[section]), section


def test_products_carry_antigens_between_their_days() -> None:
    mali = definitions.load("ML")
    carriers = {p.code for p in mali.products_on(date(2024, 1, 1)) if Antigen.DTP in p.antigens}

    assert {"penta", "hexa"} <= carriers
    assert {p.code for p in mali.products if Antigen.MCV in p.antigens} == {"measles", "mr", "mmr"}
    assert "topv" not in {p.code for p in mali.products_on(date(2017, 1, 1))}
    assert "bopv" in {p.code for p in mali.products_on(date(2017, 1, 1))}


def test_the_schedule_of_mali_names_a_source_for_each_row_and_marks_what_is_to_confirm() -> None:
    schedule = {row.dose.code: row for row in definitions.load("ML").schedule}

    assert schedule["dtp1"].due_days == 42
    assert not schedule["dtp1"].to_confirm
    assert schedule["rota3"].to_confirm
    assert schedule["malaria4"].due_days is None
    assert all(row.source for row in schedule.values())
    assert Dose(Antigen.MCV, 2) == schedule["mcv2"].dose
    assert schedule["malaria4"].season == (5, 6)
    assert schedule["dtp1"].counts_for == ("fully_vaccinated", "zero_dose")


@pytest.mark.parametrize(
    ("addition", "key"),
    [("season: [13]", "season"), ("counts_for: [zero]", "counts_for"), ("valid_to: 2000-01-01", "valid_to")],
)
def test_a_season_a_sum_or_an_end_that_cannot_be_is_refused(generic: Path, addition: str, key: str) -> None:
    row = "dose: bcg, due_days: 0, minimum_days: 0, maximum_days: null, interval_days: null, valid_from: 2019-01-01, "
    text = f"- {{{row}where: everywhere, source: s, to_confirm: false, {addition}}}"
    (generic / "schedule.yaml").write_text(text, encoding="utf-8")

    with pytest.raises(PackFault, match=rf"entry 1\.{key}"):
        definitions.read_pack(generic)


def test_a_threshold_that_is_not_there_is_named_in_the_error() -> None:
    with pytest.raises(UnknownCode, match=r"rec\.nothing"):
        definitions.load("ML").threshold("rec.nothing")
    assert definitions.load("ML").section("rec") == {"access_minimum": 0.8, "dropout_maximum": 0.1}


def test_quality_thresholds_join_under_their_own_key(generic: Path) -> None:
    (generic / "quality.yaml").write_text("outliers:\n  limit: 5\n", encoding="utf-8")

    pack = definitions.read_pack(generic)

    assert pack.threshold("quality.outliers.limit") == 5
    assert pack.section("quality") == {"outliers": {"limit": 5}}


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        (
            "country.yaml",
            "time_zone: UTC",
            "time_zone: Mars/Olympus",
            r"country\.time_zone: expected a time zone",
        ),
        ("country.yaml", "currency: USD", "", r"country\.currency: expected a text, found 'nothing'"),
        ("country.yaml", "currency: USD", "currency: USD\ncurency: XOF", r"country\.curency: expected only"),
        ("country.yaml", "currency: USD", "currency: USD\ncurrency: XOF", "expected each key once"),
        ("country.yaml", "code: generic", "code: [", "expected YAML in UTF-8"),
        ("levels.yaml", "level: district", "level: canton", "expected one of country, region"),
        ("levels.yaml", "level: district", "level: region", "each once"),
        ("names.yaml", "bcg: {fr: BCG, en: BCG}", "bcg: {fr: BCG}", "expected a text in each of fr, en"),
        ("products.yaml", "antigens: [bcg]", "antigens: [bcgg]", "expected a list of bcg"),
        (
            "products.yaml",
            "aliases: []",
            "aliases: [penta]",
            "entry 4.aliases: expected spellings that bcg does not use",
        ),
        ("products.yaml", "valid_to: 2016-05-01", "valid_to: May 2016", "expected a day such as"),
        ("schedule.yaml", "dose: bcg", "dose: bgc", "expected a dose such as dtp1"),
        (
            "schedule.yaml",
            "due_days: 42",
            "due_days: 6 weeks",
            "expected whole days or null, found '6 weeks'",
        ),
        ("indicators.yaml", "code: dtp3_coverage", "code: dtp1_coverage", "a code that no other entry has"),
        ("indicators.yaml", "kind: dropout", "kind: loss", "expected one of count"),
        (
            "indicators.yaml",
            "access: dtp1_coverage",
            "access: dtp1_doses",
            r"rec_category\.access: expected the code",
        ),
        ("indicators.yaml", "rec.access_minimum", "rec.access", "the path of a number in thresholds"),
        ("indicators.yaml", "ages: [0-11m]", "ages: [infants]", r"bcg_doses\.ages: expected a list of 0-11m"),
        ("thresholds.yaml", "value: 0.25, source", "source", r"adjustment\.k\.value: expected a value"),
        (
            "thresholds.yaml",
            "minimum_completeness: {value: 0.75",
            "minimum_completeness: {valeur: 0.75",
            r"adjustment\.minimum_completeness\.value: expected a value",
        ),
        (
            "thresholds.yaml",
            "value: 0.25, source",
            "value: a quarter, source",
            r"adjustment\.k: expected the path of a number",
        ),
    ],
)
def test_a_slip_in_a_file_is_refused_with_file_key_and_what_was_expected(
    generic: Path, file: str, old: str, new: str, said: str
) -> None:
    change(generic, file, old, new)

    with pytest.raises(PackFault, match=said) as caught:
        definitions.read_pack(generic)
    assert caught.value.file.endswith(file)


@pytest.mark.parametrize("file", ["indicators.yaml", "levels.yaml", "country.yaml"])
def test_a_pack_without_one_of_its_files_is_refused(generic: Path, file: str) -> None:
    (generic / file).unlink()

    with pytest.raises(PackFault, match=f"no {file}"):
        definitions.read_pack(generic)


def test_a_file_that_no_pack_knows_is_refused(generic: Path) -> None:
    (generic / "indicator.yaml").write_text("[]", encoding="utf-8")

    with pytest.raises(PackFault, match="expected one of country"):
        definitions.read_pack(generic)


def test_the_reference_page_is_current() -> None:
    page = (ROOT / "docs" / "reference" / "indicators.md").read_text(encoding="utf-8")

    assert page == definitions.indicator_reference(definitions.load("ML")), (
        'write it anew: python -c "from kalanso import definitions as d; '
        "print(d.indicator_reference(d.load('ML')), end='')\" > docs/reference/indicators.md"
    )


def test_a_countrys_population_sources_are_asked_before_the_generic_ones() -> None:
    rows = definitions.load("ML").populations
    said = {
        name: definitions.population_source(rows, name)
        for name in ("census-2009", "demo-census-2022", "demo-un", "unpd-cohorts", "demo-population", "x")
    }
    assert all(said.values())
    assert [name for name, row in said.items() if row and row.anchor] == [
        "demo-census-2022", "demo-un", "unpd-cohorts",
    ]  # fmt: skip
    assert said["demo-population"].parent == "census-2009"  # type: ignore[union-attr]
    assert said["demo-population"].base_year == 2009  # type: ignore[union-attr]
    assert said["x"].bias_sd == 0.15  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ('{match: "(", bias_sd: 0.1, source: x}', "a regular expression"),
        ("{match: x, bias_sd: 0, source: x}", "above 0 and up to 1"),
        ("{match: x, bias_sd: 0.1}", "source: expected a text"),
        ("{match: x, bias_sd: 0.1, source: x, base: 2009}", "expected only"),
    ],
)
def test_a_bad_row_of_populations_is_named(generic: Path, row: str, said: str) -> None:
    (generic / "populations.yaml").write_text(f"- {row}\n", encoding="utf-8")
    with pytest.raises(definitions.PackFault, match=said):
        definitions.read_pack(generic)
