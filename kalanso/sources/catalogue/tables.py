"""What do the measured facts about sources look like?"""

from __future__ import annotations

from kalanso.definitions.sources import ACCESS, AGREEMENTS, REFRESH, REQUESTS
from kalanso.indicators.tables import PERIOD_TYPES
from kalanso.store import Audience, Column, Security, TableSpec

VERDICTS = ("redundant", "close", "biased", "scattered", "too_few")
GAPS = ("unheld", "uncovered", "absent", "silent", "stopped", "undelivered", "undeclared")
STATES = ("current", "late", "declared_only", "undeclared")

_SOURCE = Column(name="source", type="string", meaning="short name of the import")
_SERIES = Column(
    name="series",
    type="string",
    meaning="category of published coverage (ADMIN, WUENIC ...); empty for counts",
)
_INDICATOR = Column(name="indicator", type="string", meaning="code in the indicator pack")
_LEVEL = Column(name="level", type="string", meaning="level of the places that the numbers are about")
_TYPE = Column(name="period_type", type="string", meaning="length of the periods", values=PERIOD_TYPES)

SOURCE_HOLDINGS = TableSpec(
    name="source_holdings",
    version=1,
    meaning="Which source holds which indicator at which level, since when, and how completely",
    columns=(
        _SOURCE, _SERIES, _INDICATOR, _LEVEL, _TYPE,
        Column(name="first_period", type="string", meaning="first period with a number"),
        Column(name="last_period", type="string", meaning="last period with a number"),
        Column(name="last_day", type="date", meaning="last day of the last period with a number"),
        Column(name="periods", type="int", meaning="periods with a number anywhere", minimum=0),
        Column(name="periods_between", type="int", meaning="periods from the first to the last", minimum=0),
        Column(name="places", type="int", meaning="places that ever had a number", minimum=0),
        Column(name="places_known", type="int", meaning="places of this level in the tree", minimum=0),
        Column(name="numbers", type="int", meaning="places and periods with a number", minimum=0),
        Column(name="completeness", type="float", meaning="places and periods with a number, out of its places times the periods between", unit="share", minimum=0, maximum=1),
        Column(name="reports_expected", type="float", meaning="reports due behind these numbers, where the source says so", nullable=True, minimum=0),
        Column(name="reports_received", type="float", meaning="reports received of these", nullable=True, minimum=0),
    ),
    key=("source", "series", "indicator", "level", "period_type"),
    audience=Audience.PARTNER,
)  # fmt: skip

_PAIR = (
    Column(name="source", type="string", meaning="the first of two sources, by alphabet"),
    Column(name="series", type="string", meaning="category of published coverage of the first source"),
    Column(name="other", type="string", meaning="the second source"),
    Column(name="other_series", type="string", meaning="category of published coverage of the second source"),
    _INDICATOR,
    Column(name="product", type="string", meaning="product, where stock is compared"),
    _LEVEL,
    _TYPE,
)

SOURCE_AGREEMENT = TableSpec(
    name="source_agreement",
    version=1,
    meaning="How far two sources that hold the same number say the same",
    columns=(
        *_PAIR,
        Column(name="numbers", type="int", meaning="places and periods of the first source", minimum=0),
        Column(name="other_numbers", type="int", meaning="places and periods of the second source", minimum=0),
        Column(name="overlap", type="int", meaning="places and periods that both hold", minimum=0),
        Column(name="equal_share", type="float", meaning="of these, share with the same number", unit="share", nullable=True, minimum=0, maximum=1),
        Column(name="copied_share", type="float", meaning="share of the places in which most numbers are the same", unit="share", nullable=True, minimum=0, maximum=1),
        Column(name="near_share", type="float", meaning="of these, share within ten percent", unit="share", nullable=True, minimum=0, maximum=1),
        Column(name="ratio", type="float", meaning="second / first, median", nullable=True, minimum=0),
        Column(name="ratio_low", type="float", meaning="second / first, tenth percentile", nullable=True, minimum=0),
        Column(name="ratio_high", type="float", meaning="second / first, ninetieth percentile", nullable=True, minimum=0),
        Column(name="verdict", type="string", meaning="what that means: the same facts twice, close, steadily apart, scattered, too few to say", values=VERDICTS),
    ),
    key=("source", "series", "other", "other_series", "indicator", "product", "level", "period_type"),
    audience=Audience.PARTNER,
)  # fmt: skip

SOURCE_DIFFERENCES = TableSpec(
    name="source_differences",
    version=1,
    meaning="Places where two sources lie steadily apart, beyond what they do elsewhere",
    columns=(
        *_PAIR,
        Column(name="place_code", type="string", meaning="our key of the place"),
        Column(name="periods", type="int", meaning="periods compared", minimum=1),
        Column(name="ratio", type="float", meaning="second / first in this place, over all periods but the strangest one", minimum=0),
        Column(name="usual_ratio", type="float", meaning="second / first over all places, median", minimum=0),
        Column(name="same_side_share", type="float", meaning="share of the departing periods on the same side of the usual ratio", unit="share", minimum=0, maximum=1),
    ),
    key=("source", "series", "other", "other_series", "indicator", "product", "level", "period_type", "place_code"),
    place_column="place_code",
    audience=Audience.PARTNER,
    security=Security(coarsen_to="district", delay_days=90),
)  # fmt: skip

CATALOGUE_GAPS = TableSpec(
    name="catalogue_gaps",
    version=1,
    meaning="What is missing: numbers that nobody holds, places that nobody covers, months of silence, sources that stopped or never came",
    columns=(
        Column(name="kind", type="string", meaning="what is missing", values=GAPS),
        Column(name="source", type="string", meaning="source concerned; empty where none holds it"),
        _SERIES, _INDICATOR,
        Column(name="level", type="string", meaning="level concerned; empty for a whole source"),
        Column(name="place_code", type="string", meaning="our key of the place; the country where all are meant"),
        Column(name="first_period", type="string", meaning="first period missing; empty where no period is meant"),
        Column(name="last_period", type="string", meaning="last period missing; empty while it lasts"),
        Column(name="periods", type="int", meaning="periods missing", minimum=0),
    ),
    key=("kind", "source", "series", "indicator", "level", "place_code", "first_period"),
    place_column="place_code",
    audience=Audience.PARTNER,
    security=Security(coarsen_to="district", delay_days=90),
)  # fmt: skip

SOURCE_REVISIONS = TableSpec(
    name="source_revisions",
    version=1,
    meaning="What changed in a source's numbers from one kept state of the store to the next",
    columns=(
        _SOURCE, _INDICATOR,
        Column(name="snapshot_before", type="string", meaning="the earlier state"),
        Column(name="snapshot", type="string", meaning="the later state"),
        Column(name="known_on", type="date", meaning="day of the later state"),
        Column(name="compared", type="int", meaning="districts and periods in both states", minimum=0),
        Column(name="changed", type="int", meaning="of these, how many have another number", minimum=0),
        Column(name="added", type="int", meaning="districts and periods that came", minimum=0),
        Column(name="removed", type="int", meaning="districts and periods that went", minimum=0),
        Column(name="settled_changed", type="int", meaning="of the changed, how many were of settled periods: corrections rather than late reports", minimum=0),
        Column(name="size", type="float", meaning="sum of all changes, up or down, out of the earlier sum", unit="share", nullable=True, minimum=0),
        Column(name="net", type="float", meaning="change of the sum, out of the earlier sum", unit="share", nullable=True),
    ),
    key=("source", "indicator", "snapshot"),
    audience=Audience.PARTNER,
)  # fmt: skip

SOURCE_FACTS = TableSpec(
    name="source_facts",
    version=1,
    meaning="Each source at a glance: what it brings, how late, and how it stands to the others",
    columns=(
        _SOURCE, _SERIES,
        Column(name="declared", type="string", meaning="code of its declaration in the country's pack; empty where nobody declared it"),
        Column(name="state", type="string", meaning="whether its numbers are there and up to date", values=STATES),
        Column(name="indicators", type="int", meaning="indicators that it holds", minimum=0),
        Column(name="finest_level", type="string", meaning="finest level at which it holds numbers; empty where it holds none"),
        Column(name="numbers", type="int", meaning="places and periods with a number, over all indicators", minimum=0),
        Column(name="first_period", type="string", meaning="first period with a number; empty where it holds none"),
        Column(name="last_period", type="string", meaning="last period with a number; empty where it holds none"),
        Column(name="completeness", type="float", meaning="median completeness of its indicators", unit="share", nullable=True, minimum=0, maximum=1),
        Column(name="due_on", type="date", meaning="day by which its next numbers should be there, by its rhythm and declared lag", nullable=True),
        Column(name="late_days", type="int", meaning="days since that day; 0 where it is not late", minimum=0),
        Column(name="lag_days", type="float", meaning="days from the end of a period to its first numbers, median over kept states", unit="days", nullable=True),
        Column(name="vintages", type="int", meaning="kept states in which its numbers differ", minimum=0),
        Column(name="revised", type="float", meaning="size of the largest revision between kept states", unit="share", nullable=True, minimum=0),
        Column(name="redundant_with", type="string", meaning="sources that say the same facts; empty where none does"),
        Column(name="gaps", type="int", meaning="named gaps of this source", minimum=0),
    ),
    key=("source", "series"),
    audience=Audience.PARTNER,
)  # fmt: skip


def _word(name: str, meaning: str, values: tuple[str, ...] = ()) -> Column:
    return Column(name=name, type="string", meaning=meaning, values=values)


def _both(name: str, meaning: str) -> tuple[Column, ...]:
    return (_word(f"{name}_fr", f"{meaning}, in French"), _word(f"{name}_en", f"{meaning}, in English"))


SOURCE_ENTRIES = TableSpec(
    name="source_entries",
    version=1,
    meaning="What is declared of each source: owner, system, levels, population, periods, lag, denominator, access, biases, money, agreement, fallback",
    columns=(
        _word("declared", "code of the declaration in the country's pack"),
        *_both("name", "what people call it"), *_both("what", "what it brings"),
        _word("owner", "institution that owns it"), _word("contact", "whom to ask there"),
        _word("system", "software in which it is kept"), _word("version", "its version"),
        _word("levels", "levels that it can give, the finest last"), _word("arises_at", "level at which its numbers arise"),
        _word("entered_at", "level at which they are first typed in"), _word("feeds", "sources that take its numbers up"),
        *_both("population", "who is covered"), _word("period", "length of its periods"), _word("refresh", "how often it brings something new", REFRESH),
        Column(name="lag_days", type="int", meaning="days from the end of a period to its numbers", unit="days", nullable=True, minimum=0),
        _word("indicators", "codes, or patterns of codes, of what it counts"), *_both("denominator", "out of whom, of which origin and edition"),
        *_both("places_list", "list of places that it uses"), *_both("identifiers", "codes of places in it"),
        _word("access", "how it is reached", ACCESS), *_both("licence", "on which terms"), *_both("biases", "known biases"),
        _word("funder", "who pays for it"), Column(name="funding_ends", type="date", meaning="until when", nullable=True),
        _word("agreement", "state of the agreement with its owner", AGREEMENTS), _word("request", "state of the request for access", REQUESTS),
        _word("next_release", "when its next edition is announced"), _word("fallback", "source to use where it fails"),
        *_both("declared_by", "where this declaration comes from"),
        Column(name="to_confirm", type="bool", meaning="whether its owner has yet to confirm it"),
    ),
    key=("declared",),
    audience=Audience.PARTNER,
)  # fmt: skip

TABLES = (
    SOURCE_ENTRIES, SOURCE_FACTS, SOURCE_HOLDINGS, SOURCE_AGREEMENT, SOURCE_DIFFERENCES, CATALOGUE_GAPS, SOURCE_REVISIONS,
)  # fmt: skip
