"""What exactly is asked of the evaluator?

Every choice that changes a number is a field here, so that none is made silently. Whether the
indicators exist is known to the pack and checked by `check_against`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from typing import Any

from kalanso.definitions import Pack
from kalanso.vocabulary import AgeGroup, Level, PeriodType, Tree

RULES = ("twelfths", "days")
_CAN_BE_CUMULATED = (PeriodType.MONTH, PeriodType.QUARTER)


class QuestionRefused(ValueError):
    """A question that cannot be answered as it stands."""


@dataclass(frozen=True, kw_only=True)
class DenominatorChoice:
    """Out of how many children.

    `population` replaces the population that an indicator names; `source` chooses whose population
    (default: that of the doses' own source where it has one, otherwise every other source, each in rows of
    its own). `rule` makes periods of a year: equal `twelfths`, or in proportion to `days`. With `base_year`
    the population of that year is grown by `growth` a year (default: the pack's rate) to every other year.
    """

    population: str | None = None
    source: str | None = None
    rule: str = "twelfths"
    base_year: int | None = None
    growth: float | None = None

    def __post_init__(self) -> None:
        if self.rule not in RULES:
            raise QuestionRefused(f"rule: expected one of {', '.join(RULES)}, got {self.rule!r}")
        if self.base_year is not None and not 1970 <= self.base_year <= 2075:
            raise QuestionRefused(f"base_year: expected 1970 to 2075, got {self.base_year}")
        if self.growth is not None and self.base_year is None:
            raise QuestionRefused("growth: needs a base_year to grow from")
        if self.growth is not None and not -0.2 <= self.growth <= 0.2:
            raise QuestionRefused(
                f"growth: expected a share a year from -0.2 to 0.2, got {self.growth}; is it in percent?"
            )


@dataclass(frozen=True, kw_only=True)
class IndicatorQuestion:
    """Which indicators, for which periods and places, counted how.

    `indicators` are codes of the pack. Empty `levels` or `sources` mean all. `adjust_k` asks for rows
    adjusted for missing reports beside the unadjusted ones (0: places that did not report gave nothing;
    1: as much as the others). `cumulative` counts from the start of the calendar year, `rolling` over the
    four quarters that end with each quarter. `ages` replaces the age bands that count toward coverage.
    `today` decides which periods are provisional.
    """

    indicators: tuple[str, ...]
    period_type: PeriodType
    today: date
    tree: Tree = Tree.HEALTH
    levels: tuple[Level, ...] = ()
    sources: tuple[str, ...] = ()
    denominator: DenominatorChoice = field(default_factory=DenominatorChoice)
    adjust_k: float | None = None
    cumulative: bool = False
    rolling: bool = False
    ages: tuple[AgeGroup, ...] = ()

    def __post_init__(self) -> None:
        if not self.indicators:
            raise QuestionRefused("indicators: expected at least one code, such as dtp1_coverage")
        if len(set(self.indicators)) < len(self.indicators):
            raise QuestionRefused("indicators: expected each code once")
        if self.adjust_k is not None and not 0 <= self.adjust_k <= 1:
            raise QuestionRefused(f"adjust_k: expected a number from 0 to 1, got {self.adjust_k}")
        if self.cumulative and self.rolling:
            raise QuestionRefused("expected cumulative or rolling, not both")
        if self.cumulative and self.period_type not in _CAN_BE_CUMULATED:
            raise QuestionRefused(f"cumulative: expected months or quarters, got {self.period_type.value}")
        if self.rolling and self.period_type is not PeriodType.QUARTER:
            raise QuestionRefused(f"rolling: expected quarters, got {self.period_type.value}")

    def check_against(self, pack: Pack) -> None:
        """Refuse codes that the pack does not know or that other parts compute."""
        for code in self.indicators:
            if code not in pack.indicators:
                raise QuestionRefused(f"indicators: the pack {pack.country.code} has no {code!r}")
            if not pack.indicators[code].is_evaluated:
                raise QuestionRefused(f"indicators: {code!r} is not computed from counts and populations")
        chosen = self.denominator.population
        if chosen is not None and (
            chosen not in pack.indicators or pack.indicators[chosen].kind != "population"
        ):
            raise QuestionRefused(f"denominator: expected the code of a population, got {chosen!r}")

    def to_dict(self) -> dict[str, Any]:
        """Return the question as plain values, for JSON."""
        plain = {f.name: getattr(self, f.name) for f in fields(self)}
        plain["denominator"] = {f.name: getattr(self.denominator, f.name) for f in fields(DenominatorChoice)}
        plain |= {"period_type": self.period_type.value, "tree": self.tree.value}
        plain |= {"today": self.today.isoformat()}
        plain |= {
            name: [str(item) for item in plain[name]] for name in ("indicators", "levels", "sources", "ages")
        }
        return plain

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> IndicatorQuestion:
        """Rebuild a question from `to_dict`."""
        known = {f.name for f in fields(cls)}
        if unknown := sorted(set(plain) - known):
            raise QuestionRefused(f"expected only {', '.join(sorted(known))}, got {unknown[0]!r}")
        values = dict(plain)
        converters: Mapping[str, Any] = {
            "period_type": PeriodType,
            "tree": Tree,
            "today": date.fromisoformat,
            "denominator": lambda choice: DenominatorChoice(**choice),
            "indicators": tuple,
            "sources": tuple,
            "levels": lambda items: tuple(Level(item) for item in items),
            "ages": lambda items: tuple(AgeGroup(item) for item in items),
        }
        try:
            for name in values.keys() & converters.keys():
                values[name] = converters[name](values[name])
            return cls(**values)
        except (TypeError, ValueError) as error:
            raise QuestionRefused(str(error)) from error
