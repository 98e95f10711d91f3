"""Under which name do people talk of a finding?

A finding is discussed by its fingerprint, so that the talk is there again when the checks find the same. One of which people
spoke stays there once the checks no longer find it; one that the reader may not see is not there.
"""

from __future__ import annotations

from django.urls import reverse

from kalanso.hub.evidence.queries import cleared, findings, published
from kalanso.hub.evidence.queries.findings import FINDING
from kalanso.hub.evidence.queries.uploads import language
from kalanso.hub.people.queries.places import names_of
from kalanso.hub.people.queries.subjects import Subject
from kalanso.quality.tables import QUALITY_FINDINGS
from kalanso.vocabulary import Period, format_value


def subject(key: str) -> Subject | None:
    """Return a finding that the reader may see as what can be discussed: its place, number and period name it."""
    if len(key) != findings.KEY_LENGTH or not published.sees(QUALITY_FINDINGS):
        return None
    row = findings.one(key) or cleared.one(key)
    if row is None:
        return None
    code = row["place_code"]
    counted = published.pack().name(row["indicator"], language())
    when = format_value(Period.parse(row["period"]), "period", language())
    return Subject(
        object_type=FINDING, object_id=key, place_code=code, name=f"{names_of({code}).get(code, code)} ({counted}, {when})",
        address=reverse("finding", args=[key]),
    )  # fmt: skip
