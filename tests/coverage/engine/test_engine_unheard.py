"""Evidence that the model does not hear is named, never taken for used."""

from __future__ import annotations

from dataclasses import replace

from kalanso.coverage import Evidence, Question
from kalanso.coverage.evidence_tables import DISPLACEMENT, STOCK
from kalanso.coverage.terms import unheard


def test_stock_too_short_to_bound_the_estimate_is_said(small_evidence: Evidence) -> None:
    stock = STOCK.typed([{"place_code": small_evidence.country, "period": "2022Q1", "doses_used": 100.0}])

    said = unheard(replace(small_evidence, stock=stock), Question(stock=True))

    assert [message.id for message in said] == ["coverage.unheard.stock_short"]
    assert said[0].render("fr").startswith("Des lignes de stock")


def test_displacement_is_said_since_it_moves_no_child(small_evidence: Evidence) -> None:
    moved = DISPLACEMENT.typed([{"place_code": "A00001", "period": "2022Q1", "children_change": 0.4}])

    said = unheard(replace(small_evidence, displacement=moved), Question(stock=True))

    assert [message.id for message in said] == ["coverage.unheard.displacement"]


def test_nothing_is_said_where_all_evidence_counts_and_stock_where_nobody_asked_for_it(
    small_evidence: Evidence,
) -> None:
    stock = STOCK.typed([{"place_code": small_evidence.country, "period": "2022Q1", "doses_used": 100.0}])

    assert unheard(small_evidence, Question(stock=True)) == ()
    said = unheard(replace(small_evidence, stock=stock), Question())
    assert [message.id for message in said] == ["coverage.unheard.stock_off"]
