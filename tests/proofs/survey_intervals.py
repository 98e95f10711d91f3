"""Do 95 % intervals of simulated surveys hold the truth in 93 to 97 of 100 surveys?

Nine countries of known truth (coverage of 50, 80 and 92 %; answers of a village alike with a correlation of 1/24,
1/6 and 1/3), 1,000 surveys of each: three strata, 12 villages drawn by size in each, 7 to 10 children in each.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
SURVEYS = 1000
COUNTRIES = [(share, correlation) for share in (0.5, 0.8, 0.92) for correlation in (1 / 24, 1 / 6, 1 / 3)]
LOWEST, HIGHEST = 0.93, 0.97


def prove(folder: Path, surveys: int = SURVEYS) -> str:
    """Simulate what is still missing; return what was seen in one sentence."""
    sys.path.insert(0, str(ROOT))
    from tests.surveys.simulated import intervals_that_hold

    folder.mkdir(parents=True, exist_ok=True)
    kept = folder / "countries.jsonl"
    done = {}
    if kept.exists():
        lines = [json.loads(line) for line in kept.read_text(encoding="utf-8").splitlines()]
        done = {(line["share"], line["correlation"]): line for line in lines if line["surveys"] == surveys}
    for number, (share, correlation) in enumerate(COUNTRIES):
        if (share, correlation) not in done:
            rng = np.random.default_rng([7, number])
            held = intervals_that_hold(rng, surveys=surveys, share=share, correlation=correlation)
            line = {"share": share, "correlation": correlation, "surveys": surveys, "held": held}
            done[(share, correlation)] = line
            with kept.open("a", encoding="utf-8") as stream:
                stream.write(json.dumps(line) + "\n")
    held = [done[country]["held"] for country in COUNTRIES]
    wrong = [share for share in held if not LOWEST <= share <= HIGHEST]
    if wrong:
        raise SystemExit(
            f"expected {LOWEST:.0%} to {HIGHEST:.0%}, got {', '.join(f'{one:.1%}' for one in held)}"
        )
    return (
        f"{len(held)} countries, {surveys:,} surveys of each: the modified Wilson interval held the truth in "
        f"{min(held):.1%} to {max(held):.1%} (asked: {LOWEST:.0%} to {HIGHEST:.0%}), {np.mean(held):.1%} on average"
    )
