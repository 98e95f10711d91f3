"""Which areas of a district come first, what is the matter there, and what is to be done?

RED/REC categories as probabilities, since access and utilization are estimated and not known, and
one list per district: children missed, chance to belong to the areas that hold half of them,
category, how much evidence there is, and the next step.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from kalanso.coverage.aggregates import ROLLING, Numbers, PlaceTree, area_draws, place_tree
from kalanso.coverage.pocket_words import latest_window
from kalanso.coverage.ranks import groups, half_set
from kalanso.coverage.summaries import chances, interval, readable
from kalanso.vocabulary import Message

if TYPE_CHECKING:
    from kalanso.coverage.evidence import Evidence
    from kalanso.coverage.posterior import Posterior
    from kalanso.definitions import Pack

CATEGORIES = (1, 2, 3, 4)
LIKELY = 0.6  # from which a category, a burden or a problem decides what to do
OUTSIDE_SHARE = 0.3  # own evidence below which the estimate rests on other places
WIDE = 0.3  # width of the 95 % interval of coverage from which one has to look first
CATEGORY_COLUMNS = (
    "place_code", "period", "span",
    *(f"probability_category_{number}" for number in CATEGORIES),
    "category", "category_probability", "place_level",
)  # fmt: skip
PRIORITY_COLUMNS = (
    "district_code", "place_code", "period", "span", "position", "group",
    "missed_children_mean", "missed_children_q025", "missed_children_q975",
    "coverage_mean", "coverage_q025", "coverage_q975",
    "probability_in_district_half", "probability_in_country_half",
    *(f"probability_category_{number}" for number in CATEGORIES),
    "category", "own_evidence_share", "message", "params", "action", "action_params",
)  # fmt: skip


def categories(
    posterior: Posterior, evidence: Evidence, *, access_minimum: float, dropout_maximum: float
) -> pd.DataFrame:
    """Return the probability of each RED/REC category, over the newest four quarters, for all places.

    Access is good where DTP1 coverage is at least `access_minimum`, utilization where dropout from
    DTP1 to DTP3 is under `dropout_maximum` (`rec.access_minimum`, `rec.dropout_maximum` of the
    definitions). 1: both good; 2: good access, poor utilization; 3: poor access, good utilization;
    4: both poor. `category` is the most probable. Raises ValueError without draws of DTP3.
    """
    span, period, quarters = latest_window(posterior.periods)
    tree = place_tree(posterior, evidence)
    chance = _category_chances(posterior, tree, quarters, access_minimum, dropout_maximum)
    columns: dict[str, object] = {"place_code": tree.codes, "period": period, "span": span}
    columns |= {f"probability_category_{number}": chance[:, number - 1] for number in CATEGORIES}
    columns |= {
        "category": chance.argmax(axis=1) + 1, "category_probability": chance.max(axis=1),
        "place_level": tree.levels,
    }  # fmt: skip
    return pd.DataFrame(columns)[list(CATEGORY_COLUMNS)]


def _category_chances(
    posterior: Posterior, tree: PlaceTree, quarters: list[int], access_minimum: float, dropout_maximum: float
) -> Numbers:
    for name, value in (("access_minimum", access_minimum), ("dropout_maximum", dropout_maximum)):
        if not 0 < value < 1:
            raise ValueError(f"{name}: expected a share between 0 and 1, got {value}")
    if posterior.dtp3_coverage is None:
        raise ValueError("categories need draws of DTP3: switch the part dtp3 on")
    surviving, first = (tree.add_up(counts) for counts in area_draws(posterior, "dtp1", quarters))
    third = tree.add_up(area_draws(posterior, "dtp3", quarters)[1])
    access = first >= access_minimum * surviving
    use = first - third < dropout_maximum * first
    return np.stack(
        [(access & use), (access & ~use), (~access & use), (~access & ~use)], axis=-1
    ).mean(axis=1)  # fmt: skip


def priority_list(
    posterior: Posterior, evidence: Evidence, pack: Pack, *, ledger: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Return one row per area, by district (the place just above it), most missed children first.

    `position` counts within the district; rows of one `group` cannot be told apart from its first.
    `probability_in_district_half` is the chance to be among the areas that hold half of the
    district's missed children. `ledger` (place_code, own_share, finding: see `ledger`) says how much
    of the estimate rests on the area's own evidence. `message` is the sentence on the area, `action`
    the next step. Columns: PRIORITY_COLUMNS; without draws of DTP3 `category` is 0 and its
    probabilities are empty.
    """
    span, period, quarters = latest_window(posterior.periods)
    tree = place_tree(posterior, evidence)
    surviving, vaccinated = area_draws(posterior, "dtp1", quarters)
    missed = surviving - vaccinated
    table = pd.DataFrame(
        {
            "place_code": tree.codes[: tree.area_count],
            "district_code": tree.parents,
            "period": period,
            "span": span,
        }
        | interval("missed_children", missed)
        | interval("coverage", vaccinated / surviving)
        | {"probability_in_country_half": half_set(missed).probability}
    )
    table = pd.concat(
        [table, _chances_of_areas(posterior, tree, quarters, pack), _own(ledger, table)], axis=1
    )
    parts = [
        _of_district(table.iloc[at], missed[at])
        for at in (np.flatnonzero(table["district_code"] == code) for code in dict.fromkeys(tree.parents))
    ]
    found = pd.concat(parts, ignore_index=True)
    said = [_sentences(row, pack) for row in found.to_dict("records")]
    found["message"], found["params"] = [one.id for one, _ in said], [one.params_json() for one, _ in said]
    found["action"], found["action_params"] = [to.id for _, to in said], [to.params_json() for _, to in said]
    return found[list(PRIORITY_COLUMNS)]


def _chances_of_areas(posterior: Posterior, tree: PlaceTree, quarters: list[int], pack: Pack) -> pd.DataFrame:
    names = [f"probability_category_{number}" for number in CATEGORIES]
    if posterior.dtp3_coverage is None:
        return pd.DataFrame({**dict.fromkeys(names, np.nan), "category": 0}, index=range(tree.area_count))
    limits = pack.threshold("rec.access_minimum"), pack.threshold("rec.dropout_maximum")
    chance = _category_chances(posterior, tree, quarters, *limits)[: tree.area_count]
    return pd.DataFrame(dict(zip(names, chance.T, strict=True))).assign(category=chance.argmax(axis=1) + 1)


def _own(ledger: pd.DataFrame | None, table: pd.DataFrame) -> pd.DataFrame:
    """Return own_evidence_share and finding in the order of the areas; unknown without a ledger."""
    if ledger is None:
        return pd.DataFrame({"own_evidence_share": np.nan, "finding": ""}, index=table.index)
    if missing := set(table["place_code"]) - set(ledger["place_code"]):
        raise ValueError(f"ledger: expected every area; missing {', '.join(sorted(missing)[:5])}")
    rows = ledger.drop_duplicates("place_code").set_index("place_code").loc[table["place_code"]]
    return pd.DataFrame(
        {"own_evidence_share": rows["own_share"].to_numpy(float), "finding": rows["finding"].to_numpy()},
        index=table.index,
    )


def _of_district(rows: pd.DataFrame, missed: Numbers) -> pd.DataFrame:
    ordered = rows.assign(
        probability_in_district_half=half_set(missed).probability, group=groups(missed)
    ).sort_values(["missed_children_mean", "place_code"], ascending=[False, True])
    return ordered.assign(position=np.arange(1, len(rows) + 1))


def _sentences(row: Mapping[Any, Any], pack: Pack) -> tuple[Message, Message]:
    mean, low, high = (float(row[f"missed_children_{end}"]) for end in ("mean", "q025", "q975"))
    told = {
        "place": row["place_code"], "n": readable(mean, low, high), "low": readable(low, low, high),
        "high": readable(high, low, high), "coverage": row["coverage_mean"], "period": row["period"], "quarters": 4 if row["span"] == ROLLING else 1,
        "chances": chances(float(row["probability_in_district_half"])),
    }  # fmt: skip
    return Message("coverage.priority.area", told), action(row, pack)


def action(row: Mapping[Any, Any], pack: Pack) -> Message:
    """Return the next step in an area, from its row of the priority list.

    What is not known is found out first: a wrong number of children, or an interval so wide that no
    category is likely. Then poor access, then poor utilization.
    """
    numbers = {name: float(value) for name, value in row.items() if isinstance(value, (int, float))}
    place = {"place": row["place_code"]}
    if row.get("finding") in ("denominators", "numerators", "catchments"):
        return Message(f"coverage.action.check_{row['finding']}", place)
    poor_access = numbers["probability_category_3"] + numbers["probability_category_4"]
    poor_use = numbers["probability_category_2"] + numbers["probability_category_4"]
    if np.isnan(poor_access):
        return Message("coverage.action.no_category", place)
    likely = place | {"target": pack.threshold("rec.access_minimum")}
    if poor_access >= LIKELY:
        thin = numbers["own_evidence_share"] < OUTSIDE_SHARE
        return Message(
            "coverage.action.reach_unseen" if thin else "coverage.action.reach",
            likely | {"chances": chances(poor_access)},
        )
    if numbers["coverage_q975"] - numbers["coverage_q025"] >= WIDE and 1 - poor_access < LIKELY:
        return Message(
            "coverage.action.find_out", likely | {"low": row["coverage_q025"], "high": row["coverage_q975"]}
        )
    if poor_use >= LIKELY:
        return Message("coverage.action.keep_children", place | {"chances": chances(poor_use)})
    return Message("coverage.action.carry_on", place)
