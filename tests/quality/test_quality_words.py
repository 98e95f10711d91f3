"""Does every check have its documentation, its sentences, and thresholds that are all stated?"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import kalanso.quality
from kalanso import definitions
from kalanso.quality import CHECKS, Evidence, MissingThreshold, check_all, sentence
from kalanso.vocabulary.messages import catalogue

PACKAGE = Path(kalanso.quality.__file__).parent
REFERENCE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "checks.md"


def test_every_check_has_a_heading_in_the_reference() -> None:
    headings = set(re.findall(r"^## `([a-z_]+)`", REFERENCE.read_text(encoding="utf-8"), flags=re.M))

    assert headings == {check.NAME for check in CHECKS}


def test_every_check_is_a_file_of_its_own_name() -> None:
    assert [check.NAME for check in CHECKS if not (PACKAGE / f"{check.NAME}.py").is_file()] == []
    assert len({check.NAME for check in CHECKS}) == len(CHECKS)


def sentences(locale: str) -> dict[str, str]:
    """Return the sentences by id; both forms of a plural one after the other."""
    return {
        m.id if isinstance(m.id, str) else m.id[0]: m.string
        if isinstance(m.string, str)
        else "\n".join(m.string)
        for m in catalogue("quality", locale)
        if m.id
    }


@pytest.mark.parametrize("locale", ["fr", "en"])
def test_every_sentence_stands_in_both_languages_and_takes_the_same_fields(locale: str) -> None:
    def fields(text: str) -> set[str]:
        return set(re.findall(r"\{(\w+)(?::\w+)?\}", text))

    own, other = sentences(locale), sentences("en" if locale == "fr" else "fr")

    assert own.keys() == other.keys()
    assert [name for name, text in own.items() if not text or fields(text) != fields(other[name])] == []
    assert {f"quality.{check.NAME}.name" for check in CHECKS} <= own.keys()


def test_every_message_written_in_a_check_has_its_sentence() -> None:
    written = {
        found
        for path in PACKAGE.glob("*.py")
        for found in re.findall(r'message="(quality\.[a-z_.]+)"', path.read_text("utf-8"))
    }
    known = sentences("fr").keys()

    assert {
        name for name in written if name not in known and not any(k.startswith(f"{name}.") for k in known)
    } == set()


def test_every_threshold_that_a_check_asks_for_is_stated() -> None:
    pack = definitions.load("ML").section("quality")
    asked = {
        found
        for path in PACKAGE.glob("*.py")
        for found in re.findall(r'threshold\("([a-z_0-9.]+)"\)', path.read_text("utf-8"))
    }

    def stated(path: str) -> bool:
        here: Any = pack
        for name in path.split("."):
            if name not in here:
                return False
            here = here[name]
        return True

    assert [path for path in sorted(asked) if not stated(path)] == []


def test_a_threshold_that_is_not_stated_is_named(observed: Any, evidence: Any) -> None:
    made: Evidence = evidence(observed("dtp1_doses", [1.0]))

    with pytest.raises(MissingThreshold, match=r"quality\.outliers\.depth"):
        made.threshold("outliers.depth")


def test_a_sentence_uses_the_names_of_the_country() -> None:
    params = {
        "place": "Boura",
        "period": "202401",
        "indicator": "dtp1_doses",
        "value": 900.0,
        "expected": 90.0,
    }

    said = sentence("quality.outliers.high", params, definitions.load("ML"), "fr")

    assert said.startswith("Boura, janvier 2024, Doses de Penta 1")


@pytest.mark.parametrize(
    ("titles", "shown"), [(None, "demo-snis"), ({"demo-snis": "SNIS (simulé)"}, "SNIS (simulé)")]
)
def test_a_sentence_calls_a_source_by_its_title_where_it_is_told_one(
    titles: dict[str, str] | None, shown: str
) -> None:
    params = {"place": "A", "other": "B", "source": "demo-snis", "other_source": "elsewhere"}
    said = sentence("quality.names.alike", params, definitions.load("ML"), "fr", titles)

    assert f"A (source {shown}) et B (source elsewhere)" in said


def test_all_checks_run_on_little_and_say_how_far_they_are(observed: Any, evidence: Any, found: Any) -> None:
    heard: list[tuple[str, float]] = []
    made = evidence(observed("dtp1_doses", [5.0, None, 6.0]))

    names = [
        name
        for name, told in check_all(made, progress=lambda *said: heard.append(said))
        if len(found(told)) >= 0
    ]

    assert names == [check.NAME for check in CHECKS]
    assert heard[0] == ("quality.completeness.name", 0.0)
    assert heard[-1] == ("quality.done", 1.0)


def test_a_period_of_another_type_than_its_row_says_is_refused(observed: Any, evidence: Any) -> None:
    rows = [row | {"period_type": "quarter"} for row in observed("dtp1_doses", [5.0])]

    with pytest.raises(ValueError, match="is a month, its row says quarter"):
        _ = evidence(rows).calendar
