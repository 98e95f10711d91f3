"""Can every caveat be said, and is the gravest said first?"""

from __future__ import annotations

import ibis
import pytest

from kalanso.indicators import CAVEATS
from kalanso.indicators.caveats import worst
from kalanso.vocabulary import Message


@pytest.mark.parametrize("name", CAVEATS)
def test_every_caveat_has_a_sentence_in_both_languages(name: str) -> None:
    sentences = {Message(f"indicators.caveat.{name}").render(locale) for locale in ("fr", "en")}

    assert len(sentences) == 2
    assert all(sentence.endswith(".") for sentence in sentences)


def test_the_gravest_caveat_is_carried_and_a_null_condition_is_no_caveat() -> None:
    yes, no, unknown = ibis.literal(True), ibis.literal(False), ibis.null("boolean")

    def said(**conditions: ibis.expr.types.BooleanValue) -> str | None:
        return ibis.duckdb.connect().to_pyarrow(worst(conditions)).as_py()  # type: ignore[no-any-return]

    assert said(low_completeness=yes, coverage_above_one=yes) == "indicators.caveat.coverage_above_one"
    assert said(low_completeness=yes, coverage_above_one=unknown) == "indicators.caveat.low_completeness"
    assert said(low_completeness=no, coverage_above_one=unknown) is None


def test_a_caveat_without_a_place_in_the_order_is_refused() -> None:
    with pytest.raises(KeyError, match="bad_mood"):
        worst({"bad_mood": ibis.literal(True)})
