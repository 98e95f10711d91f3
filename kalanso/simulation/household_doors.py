"""At how many doors did interviewers of a made-up survey knock, and what became of each?

The household list that goes with the interviews: every household with an interview is done, others refused, were absent or stood empty. Weights of the made-up
survey allow for none of them: who opens the door has nothing to do with vaccination there.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from kalanso.simulation.household_settings import Fieldwork

# of the households that were drawn; the rest is done
REFUSED, ABSENT, EMPTY = 0.03, 0.05, 0.02


def household_list(submissions: pd.DataFrame, fieldwork: Fieldwork, rng: np.random.Generator) -> pd.DataFrame:
    """Return an export of the form `household_list` (texts) for these interviews; numbers of further households follow the last of their cluster."""
    done = submissions.drop_duplicates(["cluster", "household"])[
        ["cluster", "household", "interviewer", "today"]
    ]
    done = done[done["household"].ne("") & done["cluster"].ne("")].assign(outcome="completed", consent="1")
    parts = [done]
    share = 1 - REFUSED - ABSENT - EMPTY
    for cluster, own in done.groupby("cluster", sort=True):
        last = int(pd.to_numeric(own["household"], errors="coerce").max())
        counts = {
            name: int(rng.poisson(len(own) / share * rate))
            for name, rate in (("refused", REFUSED), ("absent", ABSENT), ("vacant", EMPTY))
        }
        outcomes = [name for name, n in counts.items() for _ in range(n)]
        others = pd.DataFrame(
            {"outcome": outcomes, "household": [str(last + n) for n in range(1, len(outcomes) + 1)]}
        )
        first = own.iloc[0]
        parts.append(
            others.assign(cluster=cluster, interviewer=first["interviewer"], today=first["today"], consent="")
        )
    found = pd.concat(parts, ignore_index=True)
    found = found.assign(
        id=[f"uuid:door-{n}" for n in range(1, len(found) + 1)], round=fieldwork.survey, attempt="1"
    )
    return found[
        ["id", "round", "interviewer", "today", "cluster", "household", "outcome", "attempt", "consent"]
    ].astype(str)
