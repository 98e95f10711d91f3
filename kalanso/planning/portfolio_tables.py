"""What do the tables look like in which the hub hands over what people plan, report, meet and pay?

Quarters stand for days, codes for names, and no free words are in them. Work that is kept to its team comes ninety days after
its quarter; obstacles, actions and decisions about such work stay in the hub. Tables of money are private: who may read
which grant is decided by person, not by circle.
"""

from __future__ import annotations

from kalanso.store import Audience, Column, Security, TableSpec

_GUARD = Security(coarsen_to="district", delay_days=90)
_INTERVENTION = Column(
    name="intervention", type="string", meaning="code of the intervention in the portfolio"
)
_DISTRICT = Column(name="place_code", type="string", meaning="district of the line")
_PLACE = Column(name="place_code", type="string", meaning="our key of the place; empty for the whole country")
_QUARTER = (
    Column(name="period", type="string", meaning="the quarter, such as 2025Q1"),
    Column(name="period_start", type="date", meaning="first day of the period"),
)
_ORGANISATION = Column(
    name="organisation", type="string", meaning="code of the organisation that carries it out"
)
_CURRENCY = Column(name="currency", type="string", meaning="currency of the amounts")
STATES = ("planned", "preparing", "ongoing", "delayed", "suspended", "completed", "dropped")
KINDS = ("planned", "commitment", "disbursement", "expenditure")

PORTFOLIO_INTERVENTIONS = TableSpec(
    name="portfolio_interventions",
    version=1,
    meaning="The interventions of the portfolio, as the hub hands them over each night",
    columns=(
        _INTERVENTION,
        Column(name="title_fr", type="string", meaning="its title in French"),
        Column(name="title_en", type="string", meaning="its title in English; empty where nobody wrote one"),
        Column(name="approach", type="string", meaning="by which way children are to be reached"),
        Column(name="steps", type="string", meaning="steps of IRMMA, by spaces"),
        Column(name="gender", type="string", meaning="how far it takes up barriers of gender; empty if unsaid"),
        Column(name="lead", type="string", meaning="code of the organisation that leads it"),
        Column(name="unit", type="string", meaning="what is counted of it"),
        Column(name="unit_cost", type="float", meaning="what one unit costs", nullable=True, minimum=0),
        _CURRENCY,
        Column(name="closed", type="bool", meaning="whether it is over"),
    ),
    key=("intervention",),
    audience=Audience.PARTNER,
)  # fmt: skip
PORTFOLIO_CELLS = TableSpec(
    name="portfolio_cells",
    version=1,
    meaning="Each intervention in each district where it is planned: plan and state",
    columns=(
        _INTERVENTION, _DISTRICT, _ORGANISATION,
        Column(name="begins", type="string", meaning="quarter in which it is to begin; empty if unsaid"),
        Column(name="ends", type="string", meaning="quarter in which it is to end; empty if unsaid"),
        Column(name="target", type="int", meaning="how much of it is planned in all", nullable=True, minimum=0),
        Column(name="state", type="string", meaning="how far it is", values=STATES),
        Column(name="since", type="string", meaning="quarter since which it is in this state"),
        Column(name="sensitive", type="bool", meaning="whether it is kept to its team"),
    ),
    key=("intervention", "place_code"),
    place_column="place_code",
    audience=Audience.PARTNER,
    security=_GUARD,
)  # fmt: skip
PORTFOLIO_REPORTS = TableSpec(
    name="portfolio_reports",
    version=1,
    meaning="What approved reports say was done of a line in a quarter",
    columns=(
        _INTERVENTION, _DISTRICT, *_QUARTER,
        Column(name="quantity", type="int", meaning="how much was done, in the unit of the intervention", minimum=0),
        Column(name="planned", type="int", meaning="how much was planned of the quarter", nullable=True, minimum=0),
        Column(name="reached", type="int", meaning="children vaccinated, as the team counted them", nullable=True, minimum=0),
        Column(name="expected", type="int", meaning="children looked for, as the team counted them", nullable=True, minimum=0),
    ),
    key=("intervention", "place_code", "period"),
    period_column="period_start",
    place_column="place_code",
    audience=Audience.PARTNER,
    security=_GUARD,
)  # fmt: skip
PORTFOLIO_FACTORS = TableSpec(
    name="portfolio_factors",
    version=1,
    meaning="Obstacles and facilitators that teams named, without their words; those of lines kept to their team stay in the hub",
    columns=(
        Column(name="number", type="int", meaning="its number in the hub"),
        _PLACE, *_QUARTER,
        Column(name="kind", type="string", meaning="obstacle or facilitator"),
        Column(name="domain", type="string", meaning="what it is about"),
        Column(name="level", type="string", meaning="level of the health system at which it stands"),
        Column(name="severity", type="int", meaning="how much it weighs, from 1 to 5", minimum=1, maximum=5),
        Column(name="state", type="string", meaning="how far it is"),
        Column(name="intervention", type="string", meaning="code of the intervention that it concerns; empty for none"),
    ),
    key=("number",),
    period_column="period_start",
    place_column="place_code",
    audience=Audience.PARTNER,
    security=_GUARD,
)  # fmt: skip
PORTFOLIO_ACTIONS = TableSpec(
    name="portfolio_actions",
    version=1,
    meaning="Actions that people promised, without their words and names; those of lines kept to their team stay in the hub",
    columns=(
        Column(name="reference", type="string", meaning="its number, given once"),
        _PLACE, *_QUARTER,
        Column(name="organisation", type="string", meaning="code of the organisation that answers for it"),
        Column(name="priority", type="string", meaning="how urgent it is"),
        Column(name="state", type="string", meaning="how far it is"),
        Column(name="due", type="string", meaning="quarter in which it is due"),
        Column(name="factor", type="int", meaning="number of the obstacle that it answers; empty for none", nullable=True),
        Column(name="late_days", type="int", meaning="days from the due day to its closing, at least 0; empty while it is open", nullable=True, minimum=0),
    ),
    key=("reference",),
    period_column="period_start",
    place_column="place_code",
    audience=Audience.PARTNER,
    security=_GUARD,
)  # fmt: skip
PORTFOLIO_DECISIONS = TableSpec(
    name="portfolio_decisions",
    version=1,
    meaning="Decisions, without their words: where, when, on how many grounds; those about lines kept to their team stay in the hub",
    columns=(
        Column(name="reference", type="string", meaning="its number, given once"),
        _PLACE, *_QUARTER,
        Column(name="grounds", type="int", meaning="how many numbers, findings or products it rests on", minimum=0),
        Column(name="lines", type="int", meaning="how many lines of the portfolio it affects", minimum=0),
    ),
    key=("reference",),
    period_column="period_start",
    place_column="place_code",
    audience=Audience.PARTNER,
    security=_GUARD,
)  # fmt: skip
GRANT_MONEY = TableSpec(
    name="grant_money",
    version=1,
    meaning="Money by grant, intervention, year and kind, over all places, each in its own currency",
    columns=(
        Column(name="grant", type="string", meaning="code of the grant"),
        _INTERVENTION,
        Column(name="year", type="int", meaning="year of the budget line"),
        Column(name="kind", type="string", meaning="planned, or what happened to the money; corrections count as what they correct", values=KINDS),
        _CURRENCY,
        Column(name="amount", type="float", meaning="sum of the amounts"),
    ),
    key=("grant", "intervention", "year", "kind", "currency"),
)  # fmt: skip
AGREED_INDICATORS = TableSpec(
    name="agreed_indicators",
    version=1,
    meaning="The performance framework of each grant: indicators with baseline and target",
    columns=(
        Column(name="grant", type="string", meaning="code of the grant"),
        Column(name="indicator", type="string", meaning="code in the indicator pack, or the grant's own name"),
        Column(name="chain", type="string", meaning="step in the chain of results"),
        Column(name="tailored", type="bool", meaning="whether this grant alone has it"),
        Column(name="unit", type="string", meaning="share, count or days"),
        Column(name="better", type="string", meaning="direction in which it should move", values=("up", "down")),
        Column(name="cumulative", type="bool", meaning="whether quarters are added up from the beginning of the grant"),
        Column(name="baseline", type="float", meaning="value from which the grant starts", nullable=True),
        Column(name="baseline_day", type="date", meaning="day of the baseline", nullable=True),
        Column(name="target", type="float", meaning="value that was promised", nullable=True),
        Column(name="target_day", type="date", meaning="day by which it was promised", nullable=True),
    ),
    key=("grant", "indicator"),
)  # fmt: skip
PORTFOLIO_TABLES = (
    PORTFOLIO_INTERVENTIONS, PORTFOLIO_CELLS, PORTFOLIO_REPORTS, PORTFOLIO_FACTORS, PORTFOLIO_ACTIONS, PORTFOLIO_DECISIONS, GRANT_MONEY,
    AGREED_INDICATORS,
)  # fmt: skip
