"""What must hold for each way of asking without a household survey, and to which side does it err?

The declarations behind every label. `bias_sd` is how far a round of that kind may lie off as a whole (standard
deviation, logit scale) where nobody has measured it: a judgement, to be replaced by a comparison with a survey of a
place where both exist.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Method:
    """One way: its kind among those of `survey_evidence`, label and assumptions as message ids."""

    kind: str
    direction: str  # of coverage
    bias_sd: float
    label: str
    assumptions: tuple[str, ...]


METHODS: Mapping[str, Method] = {
    "phone": Method(
        kind="phone", direction="too_high", bias_sd=0.4, label="surveys.access.label.phone",
        assumptions=("surveys.access.assume.margins", "surveys.access.assume.phoneless", "surveys.access.assume.recall"),
    ),
    "respondent_driven": Method(
        kind="respondent_driven", direction="unknown", bias_sd=0.4, label="surveys.access.label.respondent_driven",
        assumptions=(
            "surveys.access.assume.one_network", "surveys.access.assume.known_ties",
            "surveys.access.assume.random_recruits", "surveys.access.assume.long_chains",
        ),
    ),
    "time_location": Method(
        kind="time_location", direction="unknown", bias_sd=0.4, label="surveys.access.label.time_location",
        assumptions=("surveys.access.assume.sites_listed", "surveys.access.assume.visits_told"),
    ),
    "capture_recapture": Method(
        kind="capture_recapture", direction="too_high", bias_sd=0.3, label="surveys.access.label.capture_recapture",
        assumptions=(
            "surveys.access.assume.closed", "surveys.access.assume.matched", "surveys.access.assume.lists_independent",
        ),
    ),
    "key_informants": Method(
        kind="key_informants", direction="too_high", bias_sd=0.5, label="surveys.access.label.key_informants",
        assumptions=(
            "surveys.access.assume.validation_random", "surveys.access.assume.same_informants",
            "surveys.access.assume.matched",
        ),
    ),
    "settlements": Method(
        kind="settlements", direction="unknown", bias_sd=0.5, label="surveys.access.label.settlements",
        assumptions=("surveys.access.assume.buildings_seen", "surveys.access.assume.people_per_building"),
    ),
}  # fmt: skip
