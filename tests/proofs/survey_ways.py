"""Do ways of asking without a household survey find planted truth, with intervals that hold it as often as they say?

A thousand simulated rounds of each way. Rounds are written in batches, so that a proof that is interrupted goes on where it
stopped; batches made by other code are left aside.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
BATCHES, ROUNDS = 20, 50
SEED = 55_001  # chosen before the first run
Round = Callable[[np.random.Generator], tuple[float, float, float, float]]  # estimate, low, high, truth


def prove(folder: Path) -> str:
    """Run what is missing of every way; return what was seen in one sentence, or raise AssertionError."""
    sys.path.insert(0, str(ROOT))
    folder.mkdir(parents=True, exist_ok=True)
    told = []
    for name, (round_of, worst_bias, least, most) in ways().items():
        found = np.array([one for batch in range(BATCHES) for one in _batch(folder, name, batch, round_of)])
        estimate, low, high, truth = found.T
        held = float(((low <= truth) & (truth <= high)).mean())
        off = float(np.median(estimate - truth) / truth.mean())
        if not least <= held <= most or abs(off) > worst_bias:
            raise AssertionError(
                f"{name}: {held:.3f} of intervals hold the truth (allowed {least} to {most}), middle error {off:+.3f}"
            )
        told.append(f"{name} {100 * held:.1f} % ({100 * off:+.1f} %)")
    return f"of {BATCHES * ROUNDS} rounds each, intervals of 95 % held the truth in (and the middle error was): " + ", ".join(told)  # fmt: skip


def _batch(folder: Path, name: str, batch: int, round_of: Round) -> list[tuple[float, ...]]:
    path = folder / f"{name.replace(' ', '_')}-{batch:02d}.json"
    version = _code()
    if path.is_file():
        kept = json.loads(path.read_text(encoding="utf-8"))
        if kept["code"] == version:
            return [tuple(one) for one in kept["rounds"]]
    seed = int(hashlib.sha256(name.encode()).hexdigest()[:8], 16)
    rng = np.random.default_rng([SEED, seed, batch])
    rounds = [tuple(float(value) for value in round_of(rng)) for _ in range(ROUNDS)]
    draft = path.with_suffix(".draft")
    draft.write_text(json.dumps({"code": version, "rounds": rounds}), encoding="utf-8")
    draft.replace(path)
    return rounds


def _code() -> str:
    digest = hashlib.sha256()
    for folder in (
        "kalanso/surveys/access",
        "kalanso/surveys/lots",
        "kalanso/surveys/design",
        "tests/surveys",
    ):
        for path in sorted((ROOT / folder).glob("*.py")):
            if not path.name.startswith("test_"):
                digest.update(path.read_bytes())
    digest.update(Path(__file__).read_bytes())
    return digest.hexdigest()[:10]


def ways() -> dict[str, tuple[Round, float, float, float]]:
    """Return each way with its round, the middle error allowed (share of the truth), and how often intervals may hold."""
    from kalanso.surveys import access
    from tests.surveys import populations
    from tests.surveys.networks import network, recruited

    def two_lists(rng: np.random.Generator) -> tuple[float, float, float, float]:
        on = rng.uniform(size=(400, 2)) < [0.4, 0.3]
        found = access.chapman(int(on[:, 0].sum()), int(on[:, 1].sum()), int(on.all(axis=1).sum()))
        return found.estimate, found.low, found.high, 400

    def three_lists(rng: np.random.Generator) -> tuple[float, float, float, float]:
        models = access.log_linear(populations.histories(populations.dependent(rng)), populations.LISTS)
        found = access.chosen_count(models)
        return found.estimate, found.low, found.high, 600

    def informants(rng: np.random.Generator) -> tuple[float, float, float, float]:
        listed, check = populations.listing(rng)
        found = access.corrected_listing(listed, check, draws=2000, rng=rng)
        return found.estimate, found.low, found.high, 500

    def phone(rng: np.random.Generator) -> tuple[float, float, float, float]:
        found = access.phone_coverage(
            populations.called(rng), margins=populations.MARGINS, phoneless_share=0.3
        )
        return found.reachable.coverage, found.reachable.low, found.reachable.high, 0.69

    def market(rng: np.random.Generator) -> tuple[float, float, float, float]:
        table, truth = populations.market(rng)
        found = access.time_location(table)
        return found.coverage, found.low, found.high, truth

    def recruits(rng: np.random.Generator) -> tuple[float, float, float, float]:
        net = network(800, coverage=0.6, alike=2.0, busier=1.6, mean_ties=10, rng=rng)
        sample = access.chains(recruited(net, seeds=8, coupons=3, people=160, rng=rng))
        found = access.respondent_driven(sample, draws=300, rng=rng)
        return found.coverage, found.low, found.high, 0.6

    def many_recruits(rng: np.random.Generator) -> tuple[float, float, float, float]:
        net = network(300, coverage=0.6, alike=1.5, busier=2.0, mean_ties=10, rng=rng)
        sample = access.chains(recruited(net, seeds=6, coupons=3, people=150, rng=rng))
        found = access.respondent_driven(sample, population=300, draws=300, rng=rng)
        return found.coverage, found.low, found.high, 0.6

    def one_each(rng: np.random.Generator) -> tuple[float, float, float, float]:
        net = network(800, coverage=0.6, alike=1.5, busier=1.6, mean_ties=10, rng=rng)
        sample = access.chains(recruited(net, seeds=4, coupons=1, people=40, rng=rng))
        found = access.respondent_driven(sample, draws=300, rng=rng)
        return found.coverage, found.low, found.high, 0.6

    return {
        "two lists": (two_lists, 0.02, 0.93, 0.975),
        "three lists of which two depend": (three_lists, 0.03, 0.92, 0.995),
        "informants checked": (informants, 0.03, 0.93, 0.985),
        "telephone": (phone, 0.01, 0.93, 0.975),
        "sites and days": (market, 0.02, 0.93, 0.985),
        # the tree bootstrap is known to be wide
        "recruited": (recruits, 0.03, 0.93, 1.0),
        "half the network recruited": (many_recruits, 0.03, 0.93, 1.0),
        # trees of single chains differ by their seeds alone, and few of these: the width of a random sample helps, no more
        "one brings one": (one_each, 0.05, 0.88, 1.0),
    }
