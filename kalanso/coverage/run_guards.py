"""Which guards and lists for people does a run carry?

Calls the ledger, the checks, the backlog and the priorities once, and hands over one table each
(declared in `guard_tables`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from kalanso import definitions
from kalanso.coverage.backlog import backlog
from kalanso.coverage.backlog_assumptions import BacklogAssumptions
from kalanso.coverage.fit import fit_table
from kalanso.coverage.guards import corrected_populations, refusals, usability
from kalanso.coverage.ledger import ledger
from kalanso.coverage.priorities import priority_list
from kalanso.coverage.steps import DEFAULT

if TYPE_CHECKING:
    from kalanso.coverage.evidence import Evidence
    from kalanso.coverage.posterior import Posterior


def guard_rows(
    posterior: Posterior, evidence: Evidence, rng: np.random.Generator, *,
    pack: definitions.Pack | None = None, assumptions: BacklogAssumptions | None = None,
) -> dict[str, pd.DataFrame]:  # fmt: skip
    """Return the rows of every guard table by name.

    `pack` holds the thresholds of the RED/REC categories (by default those of the generic pack),
    `assumptions` those of the living backlog.
    """
    assumed = assumptions or BacklogAssumptions()
    of_areas, gaps = ledger(posterior, evidence)
    said = refusals(posterior, evidence)
    country = {"place_code": evidence.country}
    of_dtp = posterior.indicators == DEFAULT
    nothing = pd.DataFrame()
    return {
        # The backlog is of DTP1, RED categories rest on DTP1 and DTP3.
        "living_backlog": backlog(posterior, evidence, rng, assumptions=assumed) if of_dtp else nothing,
        "backlog_assumptions": assumed.table().assign(**country) if of_dtp else nothing,
        "priorities": priority_list(posterior, evidence, pack or definitions.load(), ledger=of_areas)
        if of_dtp
        else nothing,
        "evidence_ledger": of_areas,
        "source_gaps": gaps,
        "fit_checks": fit_table(posterior, evidence, rng),
        "usability": usability(posterior, evidence),
        "refusals": pd.DataFrame(
            [
                {**country, "position": position, "message": one.id, "params": one.params_json()}
                for position, one in enumerate(said, 1)
            ]
        ),
        "corrected_populations": corrected_populations(posterior, evidence),
    }
