"""What do the tables of plans and survey sites look like?"""

from __future__ import annotations

from kalanso.store import Audience, Column, Security, TableSpec

_GUARD = Security(coarsen_to="district", delay_days=90)
_PLAN = Column(name="plan", type="string", meaning="which plan")
_PLACE = Column(name="place_code", type="string", meaning="the health area")
_DISTRICT = Column(name="district_code", type="string", meaning="the place just above it")
_SENTENCE = (
    Column(name="message", type="string", meaning="message id of the sentence"),
    Column(name="params", type="string", meaning="its parameters (JSON)"),
)


def _interval(name: str, meaning: str, unit: str) -> tuple[Column, ...]:
    ends = (
        ("mean", "mean of the draws"),
        ("q025", "lower end of the 95 % interval"),
        ("q975", "upper end of the 95 % interval"),
    )
    return tuple(
        Column(name=f"{name}_{end}", type="float", meaning=f"{meaning}, {which}", unit=unit, minimum=0)
        for end, which in ends
    )


def _of_plan(
    name: str, meaning: str, columns: tuple[Column, ...], key: tuple[str, ...], place: str
) -> TableSpec:
    return TableSpec(
        name=name, version=1, meaning=meaning, columns=columns, key=key, place_column=place,
        audience=Audience.PROGRAMME, security=_GUARD,
    )  # fmt: skip


PLAN_ACTIONS = _of_plan(
    "plan_actions",
    "What a plan does, and how many children each action may reach",
    (
        _PLAN, _PLACE, _DISTRICT,
        Column(name="approach", type="string", meaning="what is done"),
        Column(name="cost", type="float", meaning="what it costs", unit="the currency of the table of costs", minimum=0),
        *_interval("reached", "missed children reached", "children"),
        Column(name="cost_per_child", type="float", meaning="cost per child expected to be reached", unit="currency per child", minimum=0, nullable=True),
    ),
    ("plan", "place_code", "approach"),
    "place_code",
)  # fmt: skip
PLAN_LEFT_OUT = _of_plan(
    "plan_left_out",
    "Areas in which a plan does nothing, and why",
    (_PLAN, _PLACE, _DISTRICT, *_interval("missed_children", "missed children", "children"), *_SENTENCE),
    ("plan", "place_code"),
    "place_code",
)
PLAN_DISTRICTS = _of_plan(
    "plan_districts",
    "Missed children of each district, and those whom a plan may reach",
    (
        _PLAN, _DISTRICT,
        *_interval("missed_children", "missed children", "children"),
        *_interval("reached", "of these, reached", "children"),
        *_interval("reached_share", "their share", "share"),
    ),
    ("plan", "district_code"),
    "district_code",
)  # fmt: skip
SURVEY_SITES = _of_plan(
    "survey_sites",
    "How much one more survey cluster in each area would narrow an answer",
    (
        Column(name="question", type="string", meaning="the answer that shall be narrowed, such as missed children of the country"),
        _PLACE, _DISTRICT,
        Column(name="sd_now", type="float", meaning="standard deviation of the answer today", unit="children", minimum=0),
        Column(name="sd_after", type="float", meaning="to be expected after the cluster", unit="children", minimum=0),
        Column(name="variance_removed", type="float", meaning="share of the variance that the cluster takes away", unit="share", minimum=0, maximum=1),
        Column(name="standard_error", type="float", meaning="error of that share, from the number of draws", unit="share", minimum=0),
        Column(name="clear", type="bool", meaning="whether the share exceeds twice its error"),
        Column(name="district_variance_removed", type="float", meaning="mean over the areas of the district", unit="share", minimum=0, maximum=1),
        *_SENTENCE,
    ),
    ("question", "place_code"),
    "place_code",
)  # fmt: skip

TABLES = (PLAN_ACTIONS, PLAN_LEFT_OUT, PLAN_DISTRICTS, SURVEY_SITES)
