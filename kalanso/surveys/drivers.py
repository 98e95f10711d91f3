"""Which questions on behavioural and social drivers are there, what may be answered, and which answers are positive?

The childhood items (BeSD; WHO 2022, ISBN 978-92-4-004968-0) by key, with the five that have priority. The wording of the questions
belongs to the instruments.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

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
_BY_KEY = {one.key: one for one in ITEMS}


def odd_answers(answers: pd.DataFrame) -> pd.Series:
    """Return of which answers (question, answer) a code is none of its item; questions of no item have no codes to compare."""
    found = [
        question in _BY_KEY and not {*str(answer or "").split()} <= {*_BY_KEY[question].codes, *UNANSWERED}
        for question, answer in zip(answers["question"], answers["answer"].fillna(""), strict=True)
    ]
    return pd.Series(found, index=answers.index, dtype=bool)
