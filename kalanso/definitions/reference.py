"""How does the page that lists every indicator read?

Written from the pack itself, so that it cannot say anything else.
"""

from __future__ import annotations

from kalanso.definitions.indicators import IndicatorDefinition
from kalanso.definitions.packs import Pack

_CHAPTERS = (
    ("Coverage", ("coverage",)),
    ("Missed children", ("missed",)),
    ("Dropout", ("dropout",)),
    ("Access and utilization", ("category",)),
    ("Equity", ("share_of_places", "top_share")),
    ("Counts", ("count",)),
    ("Populations", ("population",)),
    ("Reported and shown as they are", ("observed",)),
    ("Computed by later parts", ("later",)),
)


def indicator_reference(pack: Pack) -> str:
    """Return the reference of all indicators of a pack as Markdown."""
    lines = [
        "# Indicators",
        "",
        "Written from the definitions pack by `kalanso.definitions.indicator_reference`; do not edit.",
        "Shares run from 0 to 1. Zero-dose means: no dose of DTP1.",
        "",
    ]
    for title, kinds in _CHAPTERS:
        rows = [row for row in pack.indicators.values() if row.kind in kinds]
        lines += [
            f"## {title}",
            "",
            "| Code | Frame | Indicator | Numerator / denominator | Source |",
            "| --- | --- | --- | --- | --- |",
        ]
        lines += [_row(row, pack) for row in rows]
        lines.append("")
    lines += ["## Thresholds", "", "| Threshold | Value | Source | To confirm |", "| --- | --- | --- | --- |"]
    for path, threshold in sorted(pack.thresholds.items()):
        if path.startswith("quality."):  # listed with the checks that use them
            continue
        lines.append(
            f"| `{path}` | {threshold.value} | {threshold.source} | {'yes' if threshold.to_confirm else ''} |"
        )
    return "\n".join(lines) + "\n"


def _row(row: IndicatorDefinition, pack: Pack) -> str:
    name = f"**{row.name['en']}** / {row.name['fr']}. {row.definition['en']} / {row.definition['fr']}"
    return f"| `{row.code}` | {row.frame} | {name} | {_fraction(row, pack)} | {row.source['en']} |"


def _fraction(row: IndicatorDefinition, pack: Pack) -> str:
    parts = row.parts
    if row.kind == "count":
        ages = ", ".join(pack.name(f"age_band.{age}", "en") for age in row.ages) or "every age"
        strategies = ", ".join(pack.name(f"strategy.{s}", "en") for s in row.strategies) or "every strategy"
        return f"`{parts['of']}`: {ages}; {strategies}"
    if row.kind == "population":
        return "; ".join(
            f"from `{c.source}` x {' x '.join(f'`{t}`' for t in c.times)}" for c in row.conversions
        )
    if row.kind == "coverage":
        return f"`{parts['doses']}` / `{parts['population']}`"
    if row.kind == "missed":
        return f"`{parts['population']}` - `{parts['doses']}`"
    if row.kind == "dropout":
        return f"(`{parts['first']}` - `{parts['last']}`) / `{parts['first']}`"
    if row.kind == "category":
        return f"`{parts['access']}` at least `{parts['access_minimum']}`; `{parts['dropout']}` under `{parts['dropout_maximum']}`"
    if row.kind == "share_of_places":
        return f"places of level {parts['level']} with `{parts['of']}` at least `{parts['minimum']}` / those with a value"
    if row.kind == "top_share":
        return (
            f"`{parts['of']}` of the `{parts['places']}` places of level {parts['level']} with most / of all"
        )
    numerator = row.numerator["en"] if row.numerator else ""
    return f"{numerator} / {row.denominator['en']}" if row.denominator else numerator
