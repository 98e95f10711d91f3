"""What do caregivers think, feel and meet that drives vaccination?

Shares of caregivers by item of `drivers`; there is no composite score, since WHO gives indicators item by item.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from kalanso.surveys.drivers import ITEMS, UNANSWERED
from kalanso.surveys.measures.measure import Measure, of_children
from kalanso.surveys.record import Record


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
