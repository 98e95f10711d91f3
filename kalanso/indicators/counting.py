"""Which reported numbers count toward an indicator?

Products are mapped to antigens by the dated table of the pack, ages and strategies chosen as the
definition says, and options (product, sex, sector, strategy) reduced to one number per place and
reported period: where a source gives the total and its parts, the total counts and the parts do not.
What is left out, and why, is listed by `uncounted`.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from kalanso.definitions import Pack
from kalanso.indicators.calendars import reported_periods
from kalanso.indicators.small_tables import small_table
from kalanso.vocabulary import AgeGroup, Antigen, Dose, PeriodType

CELL = ("source", "place_code", "reported", "counted")
_ROUTINE_TOTAL = "all"
_UNNAMED, _UNLISTED = "", "?"


def counting_rules(pack: Pack, codes: Sequence[str], ages: Sequence[AgeGroup] = ()) -> pa.Table:
    """Return which age bands and strategies count toward each of the counts or populations `codes`.

    `guessed` marks bands that say nothing of age: they count only where a source never gives the
    bands of the definition. `whole` marks rows that are the total by age.
    """
    rows = []
    for code in codes:
        definition = pack.indicators[code]
        bands: tuple[str, ...] = definition.ages
        if ages and AgeGroup.UNDER_1 in bands:
            bands = tuple(age.value for age in ages)
        guesses = {"all", "unknown"} - set(bands) if AgeGroup.UNDER_1 in bands else set()
        accepted = bands or (*[age.value for age in AgeGroup], "all")
        separate = {"campaign", "catch_up"} >= set(definition.strategies) != set()
        strategies = definition.strategies if separate else (*definition.strategies, _ROUTINE_TOTAL)
        if not definition.strategies:
            strategies = ("fixed", "outreach", "mobile", "campaign", "catch_up", "unknown", _ROUTINE_TOTAL)
        whole = {"all"} | (set(bands) if len(bands) == 1 else set())
        for strategy in strategies:
            for band in (*accepted, *sorted(guesses)):
                rows.append(
                    (definition.parts.get("of", code), band, strategy, code, band in guesses, band in whole)
                )
    return small_table(
        rows, canonical=pa.string(), age_band=pa.string(), strategy=pa.string(), counted=pa.string(),
        guessed=pa.bool_(), whole=pa.bool_(),
    )  # fmt: skip


def carriers(pack: Pack, codes: Sequence[str]) -> pa.Table:
    """Return under which indicator and product names the counts `codes` may be reported.

    `direct` is false where a product brings an antigen along (Hexa reported as DTP1 is also IPV1).
    """
    rows: dict[tuple[str, str, str], tuple[date, date, bool, bool]] = {}
    for code in codes:
        canonical = pack.indicators[code].parts.get("of", code)
        rows[canonical, _UNNAMED, canonical] = (date.min, date.max, True, True)
        dose = _dose(canonical)
        if dose is None:
            continue
        rows[canonical, _UNLISTED, canonical] = (date.min, date.max, True, False)
        for product in pack.products:
            if dose.antigen not in product.antigens:
                continue
            valid = (product.valid_from or date.min, product.valid_to or date.max)
            for spelling in product.spellings:
                for reported, direct in _reported_as(dose, product.antigens, spelling, pack):
                    key = (reported, spelling, canonical)
                    before = rows.get(key)
                    if before:
                        valid = (min(valid[0], before[0]), max(valid[1], before[1]))
                    rows[key] = (*valid, direct, True)
    return small_table(
        [(*key, *row) for key, row in rows.items()],
        indicator=pa.string(), product_key=pa.string(), canonical=pa.string(), valid_from=pa.date32(),
        valid_to=pa.date32(), direct=pa.bool_(), listed=pa.bool_(),
    )  # fmt: skip


def _reported_as(
    dose: Dose, antigens: Sequence[Antigen], spelling: str, pack: Pack
) -> list[tuple[str, bool]]:
    names = [(dose.doses_indicator, True)]
    for other in antigens:
        twin = Dose(other, dose.number)
        # A birth dose shares its product with a series, but not its number.
        if other is not dose.antigen and _is_series(other) and _is_series(dose.antigen):
            names.append((twin.doses_indicator, False))
    if re.fullmatch("[a-z][a-z0-9_]*", spelling):
        names += [(name, True) for name in _slugs(dose, spelling) if name not in pack.indicators]
    return names


def _slugs(dose: Dose, spelling: str) -> list[str]:
    if _is_series(dose.antigen):
        return [f"{spelling}{dose.number}_doses"]
    if dose.code.endswith("0"):
        return [f"{spelling}0_doses"]
    return [f"{spelling}_doses", f"{spelling}1_doses"]


def _is_series(antigen: Antigen) -> bool:
    return Dose(antigen, 2).code != Dose(antigen, 1).code


def _dose(canonical: str) -> Dose | None:
    try:
        return Dose.parse(canonical.removesuffix("_doses")) if canonical.endswith("_doses") else None
    except ValueError:
        return None


def named(observations: ir.Table, pack: Pack, codes: Sequence[str]) -> ir.Table:
    """Return the observations that may be reports of `codes`, with the product as the pack spells it.

    `product_key` is empty where the source names no product, `?` where the pack does not list it.
    """
    known = sorted({spelling for product in pack.products for spelling in product.spellings})
    carrying = carriers(pack, codes)
    reported_names = sorted(set(carrying.column("indicator").to_pylist()))
    spelled = ibis._.product.lower().strip()
    unnamed = (spelled == _UNNAMED) | ~ibis._.indicator.endswith("_doses")
    rows = observations.filter(ibis._.indicator.isin(reported_names)).mutate(
        product_key=ibis.cases((unnamed, _UNNAMED), (spelled.isin(known), spelled), else_=_UNLISTED)
    )
    # A column named after its product (`penta1_doses`) needs no product beside it.
    if slugs := _product_of_slug(carrying):
        rows = rows.mutate(product_key=ibis._.indicator.cases(*slugs.items(), else_=ibis._.product_key))
    return rows.rename(reported="period").drop("period_type")


def selected(
    observations: ir.Table,
    pack: Pack,
    codes: Sequence[str],
    *,
    asked: PeriodType,
    ages: Sequence[AgeGroup] = (),
) -> ir.Table:
    """Return the observations that can count, mapped to their count and to the asked period.

    Observations whose `age_band` says nothing of age are still in, marked `guessed`.
    """
    rows = named(observations, pack, codes)
    rows = rows.inner_join(ibis.memtable(carriers(pack, codes)), ["indicator", "product_key"])
    rows = rows.inner_join(ibis.memtable(reported_periods(asked)), "reported")
    rules = counting_rules(pack, codes, ages)
    rows = rows.inner_join(ibis.memtable(rules), ["canonical", "age_band", "strategy"])
    outside = (ibis._.period_start > ibis._.valid_to) | (ibis._.reported_end < ibis._.valid_from)
    reported = ibis._.status.isin(["reported", "zero"])
    return rows.mutate(
        doubtful_product=~ibis._.listed | outside,
        value=ibis.ifelse(reported, ibis._.value, ibis.null("float64")),
    ).select(
        "source", "place_code", "reported", "grain", "slot", "period", "counted", "value", "reports_expected",
        "reports_received", "product_key", "sex", "sector", "age_band", "strategy", "direct", "guessed", "whole",
        "doubtful_product",
    )  # fmt: skip


def _product_of_slug(carrying: pa.Table) -> Mapping[str, str]:
    names = carrying.select(["indicator", "product_key"]).to_pylist()
    canonical = {row["indicator"] for row in names if row["product_key"] == _UNNAMED}
    return {
        row["indicator"]: row["product_key"]
        for row in names
        if row["indicator"] not in canonical and row["indicator"].startswith(row["product_key"])
    }


def banded_sources(rows: ir.Table) -> ir.Table:
    """Return the sources that give, for a count, the age bands that its definition asks for."""
    return rows.filter(~ibis._.guessed).select("source", "counted").distinct()


def of_unknown_age(rows: ir.Table) -> ir.Table:
    """Return where doses without age stand beside doses with age and are therefore not counted."""
    spare = rows.filter(ibis._.guessed & (ibis._.value > 0))
    return (
        spare.semi_join(banded_sources(rows), ["source", "counted"])
        .select("source", "place_code", "period", "counted")
        .distinct()
    )


def counted(rows: ir.Table) -> ir.Table:
    """Return one number per source, place, reported period and count, from `selected` rows.

    Columns: CELL, period, grain, slot, value, expected and received (reports), guessed_age and
    doubtful_product (0 or 1). Where several grains report for one asked period, the finest counts.
    """
    kept = rows.filter(~ibis._.guessed).union(
        rows.filter(ibis._.guessed).anti_join(banded_sources(rows), ["source", "counted"])
    )
    finest = kept.group_by("source", "counted", "period").agg(grain=ibis._.grain.min())
    kept = kept.semi_join(finest, ["source", "counted", "period", "grain"])
    total = is_total()
    whole, parts = kept.filter(total), kept.filter(~total)
    # The cells with parts are few in most sources: the large side is only streamed past them.
    filled = ibis._.value.notnull()
    settled = whole.filter(filled).semi_join(parts, CELL).select(*CELL)
    blank = whole.filter(~filled).anti_join(parts, CELL)
    kept_parts = _folded(parts.anti_join(settled, CELL))
    return _tidy(whole.filter(filled)).union(_tidy(blank), _tidy(kept_parts))


def is_total() -> Any:
    """Return the condition that a row of `selected` is a total, not a part by product, sex, age ..."""
    return (
        ibis._.whole
        & (ibis._.product_key == _UNNAMED)
        & (ibis._.sex == "all")
        & (ibis._.sector == "all")
        & ibis._.strategy.isin([_ROUTINE_TOTAL, "campaign", "catch_up"])
    )


def _tidy(rows: ir.Table) -> ir.Table:
    return rows.select(
        *CELL, "period", "grain", "slot", "value",
        expected="reports_expected", received="reports_received",
        guessed_age=ibis._.guessed.cast("int64"), doubtful_product=ibis._.doubtful_product.cast("int64"),
    )  # fmt: skip


_FOLDS = (
    ("direct", True),
    ("product_key", _UNNAMED),
    ("sex", "all"),
    ("sector", "all"),
    ("age_band", "all"),
    ("strategy", _ROUTINE_TOTAL),
)


def _folded(parts: ir.Table) -> ir.Table:
    """Reduce one option after the other: its total where given, otherwise the sum of its parts."""
    options = [name for name, _ in _FOLDS]
    kept = [*CELL, "period", "grain", "slot"]

    def fold(rows: ir.Table, step: tuple[str, object]) -> ir.Table:
        name, total = step
        rest = options[options.index(name) + 1 :]
        return rows.group_by(*kept, *rest).agg(
            value=ibis.coalesce(
                ibis._.value.sum(where=ibis._[name] == total), ibis._.value.sum(where=ibis._[name] != total)
            ),
            reports_expected=ibis._.reports_expected.max(),
            reports_received=ibis._.reports_received.max(),
            guessed=ibis._.guessed.any(),
            doubtful_product=ibis._.doubtful_product.any(),
        )

    return functools.reduce(fold, _FOLDS, parts)
