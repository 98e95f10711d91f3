"""Does the manual say of files and tables what the software declares?"""

from __future__ import annotations

from pathlib import Path

from kalanso.coverage.evidence_reference import renewed
from kalanso.coverage.question import PARTS, Question

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "estimates.md"


def test_the_reference_holds_every_file_table_and_column() -> None:
    text = PAGE.read_text(encoding="utf-8")
    how = "renew it: python -m kalanso.coverage.evidence_reference docs/reference/estimates.md"
    assert renewed(text) == text, how
    assert "### `places.csv` (needed)" in text
    assert "### `coverage_estimates`" in text


def test_the_reference_holds_every_setting_of_a_question() -> None:
    text = PAGE.read_text(encoding="utf-8")
    for name in (*PARTS, *Question().as_dict()):
        assert f"`{name}`" in text or name == "settings", name
