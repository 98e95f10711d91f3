"""How does a check write down what it found?

Builds rows of QUALITY_FINDINGS, with the evidence as JSON that fills the sentence. Expressions
only, so that the same check runs in any engine.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import ibis
import ibis.expr.types as ir
from ibis import _

from kalanso.quality.tables import QUALITY_FINDINGS

if TYPE_CHECKING:
    from kalanso.quality.evidence import Evidence


def findings(
    evidence: Evidence, rows: ir.Table, *, message: str, case: Any = None, severity: Any, value: Any = None,
    expected: Any = None, indicator: Any = None, detail: Any = None, params: Mapping[str, Any] | None = None,
) -> ir.Table:  # fmt: skip
    """Return rows as findings.

    `rows` carries source, place_code, period, period_type and period_start, and indicator and
    detail unless given. The check is the second word of `message`; where rows
    differ in their sentence, `case` is the expression of its last word. `value`, `expected` and the
    `params` are expressions over `rows` (`ibis._`), or plain values; the sentence also receives
    place, period, indicator, detail, value and expected.
    """
    said = rows.mutate(
        check=ibis.literal(message.split(".")[1]),
        case=_text("" if case is None else case),
        severity=_text(severity),
        value=_number(value),
        expected=_number(expected),
        indicator=_.indicator if indicator is None else _text(indicator),
        detail=(_.detail if "detail" in rows.columns else _text("")) if detail is None else _text(detail),
        **{f"param_{name}": _text(entry) for name, entry in (params or {}).items()},
    )
    called = evidence.places.select(named_code="place_code", place_name="name")
    named = said.left_join(called, said.place_code == called.named_code)
    whole = ibis.literal(message) if case is None else ibis.literal(f"{message}.") + named.case
    written = named.mutate(params=_json(named, sorted(params or {})), message=whole)
    return written.select(*QUALITY_FINDINGS.column_names)


def nothing() -> ir.Table:
    """Return a table of findings without rows."""
    return ibis.memtable(QUALITY_FINDINGS.arrow([]))


def together(*tables: ir.Table) -> ir.Table:
    """Return the findings of several rules as one table."""
    return ibis.union(*tables) if len(tables) > 1 else tables[0]


def in_year(rows: ir.Table) -> ir.Table:
    """Return rows that carry `year` with that year as their period."""
    return rows.mutate(
        period=_.year.cast("string"),
        period_type=ibis.literal("year"),
        period_start=ibis.date(_.year.cast("int32"), 1, 1),
    )


def grade(*, attention: Any, serious: Any) -> Any:
    """Return the severity: conditions for serious, then attention, else a note."""
    return ibis.cases((serious, "serious"), (attention, "attention"), else_="note")


def _text(value: Any) -> Any:
    return ibis.literal(value) if isinstance(value, str) else value


def _number(value: Any) -> Any:
    if value is None:
        return ibis.null("float64")
    return ibis.literal(float(value)) if isinstance(value, (int, float)) else value.cast("float64")


def _json(rows: ir.Table, names: list[str]) -> ir.StringValue:
    place = rows.place_name.fill_null(rows.place_code)
    entries = {
        "detail": rows.detail, "expected": rows.expected, "indicator": rows.indicator,
        "period": rows.period, "place": place, "value": rows.value,
    } | {name: rows[f"param_{name}"] for name in names}  # fmt: skip
    text: Any = ibis.literal("{")
    for number, (name, entry) in enumerate(sorted(entries.items())):
        text = text + f'{"" if number == 0 else ", "}"{name}": ' + _json_value(entry)
    return text + "}"


def _json_value(value: Any) -> ir.StringValue:
    if isinstance(value, ir.StringValue):
        quoted = ibis.literal('"') + value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ") + '"'
        return quoted.fill_null("null")
    if isinstance(value, ir.ArrayValue):
        inner = ibis.literal('["') + value.join('", "') + '"]'
        return ibis.ifelse(value.length() == 0, "[]", inner).fill_null("null")
    if isinstance(value, ir.BooleanValue):
        return ibis.ifelse(value, "true", "false").fill_null("null")
    return value.cast("string").fill_null("null")
