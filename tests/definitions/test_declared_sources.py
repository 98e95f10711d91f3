"""Are the declared sources complete, and is a slip in `sources.yaml` said at once?"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from kalanso import definitions
from kalanso.definitions import PackFault, read_pack
from kalanso.definitions.sources import check_links, laid_over, read_declarations
from kalanso.vocabulary import Level

ENTRY = """\
code: snis
match: "snis"
name: {fr: SNIS, en: HMIS}
arises_at: facility
entered_at: district
access: api
lag_days: 30
funding_ends: 2026-12-31
source: "somebody said so"
"""


def entry(**changes: object) -> dict[str, object]:
    import yaml

    return {**yaml.safe_load(ENTRY), **changes}


def test_every_source_of_mali_says_where_its_declaration_comes_from() -> None:
    declared = definitions.load("ML").sources

    assert {"snis", "dvdmt", "wuenic", "ejrf", "surveys", "surveillance", "lqas", "ihme", "worldpop"} <= {
        one.code for one in declared.sources
    }
    assert all(one.source and one.name["fr"] and one.name["en"] for one in declared.sources)
    known = definitions.load("ML").indicators
    assert [need.indicator for need in declared.needs if need.indicator not in known] == []


@pytest.mark.parametrize(
    ("name", "series", "code"),
    [
        ("demo-snis", "", "snis"), ("mali-dhis2", "", "snis"), ("demo-dvdmt", "", "dvdmt"),
        ("demo-coverage", "ADMIN", "ejrf"), ("demo-coverage", "WUENIC", "wuenic"),
        ("demo-coverage", "SURVEY", "surveys"), ("demo-population", "", "official-population"),
        ("demo-un", "", "un-wpp"), ("un-wpp-2024", "", "un-wpp"), ("census-2022", "", "census-2022"),
    ],
)  # fmt: skip
def test_names_in_a_store_find_their_declaration(name: str, series: str, code: str) -> None:
    found = definitions.load("ML").sources.of(name, series)
    assert found is not None
    assert found.code == code


def test_a_name_that_nobody_declared_finds_nothing() -> None:
    assert definitions.load("ML").sources.of("my-own-sheet") is None
    assert definitions.load("ML").sources.source("nobody") is None


def test_an_entry_is_read_with_its_dates_and_what_is_left_out_is_empty() -> None:
    one = read_declarations({"sources": [entry()], "needs": []}, "sources.yaml").sources[0]

    assert (one.lag_days, one.funding_ends, one.fallback) == (30, date(2026, 12, 31), "")
    assert (one.agreement, one.refresh, one.to_confirm) == ("unknown", "sometimes", True)
    assert one.biases == {"fr": "", "en": ""}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"access": "pigeon"}, "access"), ({"arises_at": "village"}, "arises_at"), ({"match": "("}, "match"),
        ({"levels": ["village"]}, "levels"), ({"lag": 3}, "lag"), ({"name": {"fr": "SNIS"}}, "name"),
        ({"funding_ends": "soon"}, "funding_ends"),
    ],
)  # fmt: skip
def test_a_slip_names_the_entry_and_the_key(change: dict[str, object], said: str) -> None:
    with pytest.raises(PackFault, match=rf"snis\.{said}"):
        read_declarations({"sources": [entry(**change)], "needs": []}, "sources.yaml")


def test_a_code_stands_once_and_links_lead_to_sources() -> None:
    with pytest.raises(PackFault, match="each code once"):
        read_declarations({"sources": [entry(), entry()], "needs": []}, "sources.yaml")
    lost = read_declarations({"sources": [entry(fallback="nobody")], "needs": []}, "sources.yaml")
    with pytest.raises(PackFault, match="nobody"):
        check_links(lost, "sources.yaml")


def test_a_country_lays_its_entries_over_the_generic_ones() -> None:
    needs = [{"indicator": "dtp1_doses", "level": Level.DISTRICT.value, "why": {"fr": "a", "en": "a"}}]
    other = [{**needs[0], "why": {"fr": "b", "en": "b"}}]
    generic = read_declarations({"sources": [entry(), entry(code="un")], "needs": needs}, "g.yaml")
    own = read_declarations({"sources": [entry(access="file")], "needs": other}, "o.yaml")

    both = laid_over(generic, own)

    assert [(one.code, one.access) for one in both.sources] == [("snis", "file"), ("un", "api")]
    assert [need.why["fr"] for need in both.needs] == ["b"]


def test_a_pack_without_declarations_has_none(tmp_path: Path) -> None:
    import shutil
    from importlib import resources

    folder = Path(str(resources.files("kalanso.definitions") / "packs" / "generic"))
    shutil.copytree(folder, tmp_path / "generic")
    (tmp_path / "generic" / "sources.yaml").unlink()
    assert read_pack(tmp_path / "generic").sources.sources == ()
