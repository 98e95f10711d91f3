"""Which records of the evidence desk does the library get to read, and how are its rows built?

Each line names a table that the library declares. What people wrote in free words stays here: it may name persons.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kalanso.hub.evidence.models import FindingStatus
from kalanso.quality.tables import FINDING_STATUSES
from kalanso.vocabulary import Period


def finding_statuses() -> Iterator[dict[str, Any]]:
    """Yield what people said last of each finding."""
    for said in FindingStatus.objects.order_by("key").iterator():
        period = Period.parse(said.period)
        yield {
            "check": said.check_name, "source": said.source, "place_code": said.place_code, "period": said.period,
            "period_type": period.type.value, "period_start": period.start, "indicator": said.indicator,
            "detail": said.detail, "status": said.status, "said_on": said.at.date(),
        }  # fmt: skip


EXPORTS = ((FINDING_STATUSES, finding_statuses),)
