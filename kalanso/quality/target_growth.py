"""Do the programme's targets grow as the population does?

The yearly growth of each population over all its years, for the country, beside that of the United Nations'
projections over the same years. A target that outgrows its population makes coverage fall, and children look
missed who were never born; one that lags hides children. Jumps between two years belong to `denominators`.
"""

from __future__ import annotations

import ibis.expr.types as ir
from ibis import _

from kalanso.quality.denominators import GROWTH, populations
from kalanso.quality.evidence import Evidence
from kalanso.quality.findings import findings, grade, in_year, nothing

NAME = "target_growth"


def find(evidence: Evidence) -> ir.Table:
    """Return populations of the country whose growth differs from that of the United Nations."""
    known = set(evidence.profile[evidence.profile.numbers > 0].indicator)
    if not known & set(evidence.population_codes):
        return nothing()
    country = evidence.places.filter(evidence.places.level == "country").select("place_code")
    people = populations(evidence).semi_join(country, "place_code").filter(_.indicator != GROWTH, _.value > 0)
    un = people.source.re_search(evidence.threshold("target_growth.projections"))
    keys = ["place_code", "indicator", "year"]
    projected = people.filter(un).group_by(keys).agg(projected=people.value.mean(where=un))
    both = people.filter(~un).join(projected, keys)
    ends = both.group_by("source", "place_code", "indicator").agg(
        first=both.year.min(), year=both.year.max(), start=both.value.argmin(both.year), end=both.value.argmax(both.year),
        projected_start=both.projected.argmin(both.year), projected_end=both.projected.argmax(both.year),
    )  # fmt: skip
    ends = ends.mutate(span=(ends.year - ends["first"]).cast("float64"))
    long = ends.filter(_.span >= evidence.threshold("target_growth.years"))
    grown = long.mutate(
        growth=(long.end / long.start) ** (1 / long.span) - 1,
        usual=(long.projected_end / long.projected_start) ** (1 / long.span) - 1,
    )
    limit, serious = (
        evidence.threshold("target_growth.limit"),
        evidence.threshold("target_growth.limit_serious"),
    )
    far = grown.mutate(apart=(_.growth - _.usual).abs()).filter(_.apart > limit)
    return findings(
        evidence, in_year(far), message="quality.target_growth.differs", value=_.growth, expected=_.usual,
        severity=grade(attention=_.apart > limit, serious=_.apart > serious),
        params={"since": _["first"], "n": _.span, "start": _.start, "end": _.end},
    )  # fmt: skip
