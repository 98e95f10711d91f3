"""What does evidence that ties areas together cost?

Timed on the finished run, for its diagnostics: one density with its slope, with and without.
"""

from __future__ import annotations

import time
from collections import Counter
from typing import Any

from kalanso.coverage.model import Model

REPEATS = 5


def term_costs(model: Model) -> dict[str, Any]:
    """Return how many terms of each kind there are, how many areas they concern, how many coordinates
    they add, and the milliseconds of one density with its slope without them and that they add."""
    if not model.terms:
        return {"kinds": {}, "areas": 0, "coordinates": 0}
    alone, whole = _milliseconds(Model(model.layout, model.frame)), _milliseconds(model)
    return {
        "kinds": dict(Counter(term.kind for term in model.terms)),
        "areas": len(model.tied),
        "coordinates": model.design.further.size,
        "milliseconds": round(alone, 3),
        "milliseconds_more": round(max(whole - alone, 0.0), 3),
    }


def _milliseconds(model: Model) -> float:
    """Return the shortest of some repeats: what else the machine does only makes them longer."""
    x, found = model.start(), []
    for _ in range(REPEATS):
        began = time.perf_counter()
        model(x)
        found.append(time.perf_counter() - began)
    return 1e3 * min(found)
