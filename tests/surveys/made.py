"""A received survey made by chance: six catchments, two cohorts, cards, registers, memory, answers."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd

from kalanso.surveys.rounds import OLDER, YOUNGER, Round
from kalanso.surveys.tables import SURVEY_ANSWERS, SURVEY_CHILDREN, SURVEY_DOSES

DUE = {
    "bcg": 0, "opv1": 42, "opv2": 70, "opv3": 98, "dtp1": 42, "dtp2": 70, "dtp3": 98, "mcv1": 270, "mcv2": 456,
}  # fmt: skip
ROUND = Round(
    survey="S1",
    first_day=date(2025, 2, 1),
    last_day=date(2025, 2, 28),
    cohorts=(YOUNGER, OLDER),
    doses=tuple(DUE),
)


def made_survey(rng, *, children=300, catchments=6, villages=5):
    """Return received children, doses and answers."""
    people, given, said = [], [], []
    for number in range(children):
        cohort = YOUNGER if rng.uniform() < 0.4 else OLDER
        asked_on = ROUND.first_day + timedelta(days=int(rng.integers(0, 28)))
        age = int(rng.integers(cohort.from_days, cohort.to_days + 1))
        born = asked_on - timedelta(days=age)
        card, register = rng.uniform() < 0.6, rng.uniform() < 0.3
        child = f"C{number}"
        people.append(
            {
                "survey": "S1", "row": number + 1, "child": child, "stratum": f"Z{number % catchments}", "cluster": f"V{int(rng.integers(villages))}",
                "place_code": f"P{number % catchments}", "cohort": cohort.name, "weight": f"{rng.uniform(0.5, 2):.3f}",
                "interview_date": asked_on.isoformat(), "birth_card": born.isoformat() if card else None,
                "birth_history": born.isoformat() if rng.uniform() < 0.9 else None, "sex": str(rng.choice(["female", "male"])),
                "card_ever": "yes" if card or rng.uniform() < 0.5 else "no", "card_seen": "yes" if card else "no",
                "register_seen": "yes" if register else "no", "bcg_scar": "yes" if rng.uniform() < 0.5 else "no",
                "displaced": "yes" if rng.uniform() < 0.1 else "no",
            }
        )  # fmt: skip
        reached, late = rng.uniform() < 0.8, int(rng.integers(-3, 40))
        for dose, due in DUE.items():
            when = due + late + int(rng.integers(-4, 14))
            if not reached or when > age or rng.uniform() < 0.15:
                continue
            day = (born + timedelta(days=max(when, 0))).isoformat()
            for source, has in (("card", card), ("register", register), ("history", not card)):
                if has:
                    dated = source != "history" and rng.uniform() < 0.9
                    given.append(
                        {
                            "child": child,
                            "dose": dose,
                            "source": source,
                            "answer": None if dated else "yes",
                            "date": day if dated else None,
                        }
                    )
        for question, codes in (
            ("intention", ["all", "some", "none"]),
            ("benefits", ["1", "2", "3", "4", "98"]),
            ("autonomy", ["yes", "no"]),
        ):
            said.append({"child": child, "question": question, "answer": str(rng.choice(codes))})
    frames = [
        pd.DataFrame(people),
        *(pd.DataFrame(rows).assign(survey="S1", row=range(1, len(rows) + 1)) for rows in (given, said)),
    ]
    specs = (SURVEY_CHILDREN, SURVEY_DOSES, SURVEY_ANSWERS)
    return tuple(
        frame.reindex(columns=list(spec.column_names)) for frame, spec in zip(frames, specs, strict=True)
    )


def rng(seed=1):
    """Return a generator of chance."""
    return np.random.default_rng(seed)
