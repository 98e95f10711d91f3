"""What do caregivers think, feel and meet that drives vaccination?

The childhood items on behavioural and social drivers (BeSD; WHO 2022, ISBN 978-92-4-004968-0) by key: which answers are
positive, which five have priority. The wording of the questions belongs to the instruments; there is no
composite score, since WHO gives indicators item by item.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from kalanso.surveys.measures.measure import Measure, of_children
from kalanso.surveys.record import Record

THINKING, SOCIAL, MOTIVATION, PRACTICAL, VACCINATION = (
    "thinking_and_feeling", "social_processes", "motivation", "practical_issues", "vaccination",
)  # fmt: skip
UNANSWERED = ("98", "99")  # does not know, refuses
YES, NO, ALL, MUCH = ("yes",), ("no",), ("all",), ("3", "4")  # scales: 1 not at all to 4 very


@dataclass(frozen=True, kw_only=True)
class Item:
    """One question: its key, domain, all codes, and those that are positive; `several` may be chosen where stated."""

    key: str
    domain: str
    codes: tuple[str, ...]
    positive: tuple[str, ...] = ()
    priority: bool = False
    several: bool = False


_SCALE, _YES_NO, _AMOUNT = ("1", "2", "3", "4"), ("yes", "no"), ("none", "some", "all")
ITEMS = (
    Item(key="status", domain=VACCINATION, codes=_AMOUNT, positive=ALL),
    Item(key="intention", domain=MOTIVATION, codes=_AMOUNT, positive=ALL, priority=True),
    Item(key="benefits", domain=THINKING, codes=_SCALE, positive=MUCH, priority=True),
    Item(key="safety", domain=THINKING, codes=_SCALE, positive=MUCH),
    Item(key="hcw_trust", domain=THINKING, codes=_SCALE, positive=MUCH),
    Item(key="peer_norms", domain=SOCIAL, codes=_YES_NO, positive=YES),
    Item(key="family_norms", domain=SOCIAL, codes=_YES_NO, positive=YES, priority=True),
    Item(key="religious_leaders", domain=SOCIAL, codes=_YES_NO, positive=YES),
    Item(key="community_leaders", domain=SOCIAL, codes=_YES_NO, positive=YES),
    Item(key="hcw_recommendation", domain=SOCIAL, codes=_YES_NO, positive=YES),
    Item(key="autonomy", domain=SOCIAL, codes=_YES_NO, positive=NO),
    Item(key="recall", domain=PRACTICAL, codes=_YES_NO, positive=YES),
    Item(key="know_where", domain=PRACTICAL, codes=_YES_NO, positive=YES, priority=True),
    Item(key="took_child", domain=PRACTICAL, codes=_YES_NO, positive=YES),
    Item(key="turned_away", domain=PRACTICAL, codes=_YES_NO, positive=NO),
    Item(key="ease", domain=PRACTICAL, codes=_SCALE, positive=MUCH),
    Item(
        key="ease_reasons", domain=PRACTICAL, several=True,
        codes=(
            "nothing", "getting_there", "opening_times", "turns_away", "waiting", "work", "duties", "not_alone", "unwelcome",
            "cost", "opposite_sex", "other",
        ),
    ),
    Item(key="afford", domain=PRACTICAL, codes=_SCALE, positive=MUCH, priority=True),
    Item(key="satisfaction", domain=PRACTICAL, codes=_SCALE, positive=MUCH),
    Item(
        key="quality", domain=PRACTICAL, several=True,
        codes=("nothing", "not_available", "not_open", "waiting", "not_clean", "poorly_trained", "disrespect", "too_short", "other"),
    ),
)  # fmt: skip


def measures(record: Record) -> Iterator[Measure]:
    """Return for each item that was asked: positive and concerning answers among those who answered, and unanswered.

    Does-not-know and refusals (98, 99) stand outside of the first two and make up the third, with codes that the item
    does not have (`besd_unknown_code`). Where several answers may be chosen, each is a share of its own.
    """
    for item in ITEMS:
        if item.key not in record.answers.columns:
            continue
        answer = record.answers[item.key].astype("string").fillna("").str.strip()
        asked = answer.ne("").to_numpy(dtype=bool)
        chosen = {
            code: answer.str.split().map(lambda given, code=code: code in given).to_numpy(dtype=bool)
            for code in item.codes
        }
        known = np.stack(list(chosen.values())).any(axis=0)
        left = answer.isin(UNANSWERED).to_numpy(dtype=bool)
        answered = asked & known & ~left
        if item.several:
            for code, found in chosen.items():
                yield of_children("besd_chosen", "", f"{item.key} {code}", found, answered)
        else:
            positive = answer.isin(item.positive).to_numpy(dtype=bool)
            yield of_children("besd_positive", "", item.key, positive, answered)
            yield of_children("besd_concerning", "", item.key, ~positive, answered)
        yield of_children("besd_unanswered", "", item.key, left, asked)
        yield of_children("besd_unknown_code", "", item.key, ~left & ~known, asked)
