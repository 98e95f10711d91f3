"""Do intervals hold the truth as often as they say, and are estimates better than those in use?

`make calibrate` estimates hundreds of countries whose truth is known: drawn from the prior, drawn with
something gone wrong on purpose, and ten of full size. Each country is one line of a file, so that a
proof that is interrupted goes on where it stopped; lines made by other code are left aside. The tables
go, dated, into docs/explanation/model-card.md.
"""

from __future__ import annotations

import argparse
import ast
import hashlib
import json
import multiprocessing
import os
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

for threads in ("NUMBA_NUM_THREADS", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(threads, "1")  # two countries at once need no threads of their own

from calibrate_country import ENGINE, Job, run  # type: ignore[import-not-found]  # noqa: E402
from calibrate_summary import summary, write_section  # type: ignore[import-not-found]  # noqa: E402

from kalanso.simulation import STRESSES  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
MODEL_CARD = ROOT / "docs" / "explanation" / "model-card.md"
FOLDER = ROOT / "build" / "proofs" / "calibrate"
# What a line depends on: these modules, and those of the same packages that they import.
CODE = (
    "kalanso.coverage.estimating", "kalanso.coverage.scoring", "kalanso.coverage.baselines",
    "kalanso.simulation.evidence_country",
)  # fmt: skip
PACKAGES = ("kalanso.coverage", "kalanso.simulation")  # a name taken from them directly is not followed
SEED = 40_713  # chosen before the first run; engines are tuned on other seeds
COUNTRIES, STRESS_COUNTRIES, LARGE_COUNTRIES = 200, 40, 10
SIZE, LARGE_SIZE = (150, 12), (1500, 12)
DRAWS = 1000
WORKERS = 2


def plan(asked: argparse.Namespace) -> list[Job]:
    """Return all countries of the proof, those from the prior first."""
    engines = tuple(asked.engines.split(","))
    cells = asked.cells.split(",") if asked.cells else ["prior", *STRESSES, "large"]
    if unknown := set(cells) - {"prior", "large", *STRESSES}:
        raise SystemExit(f"cells: expected some of prior, large, {', '.join(STRESSES)}, got {', '.join(sorted(unknown))}")  # fmt: skip
    jobs = []
    for cell in cells:
        wanted = {"prior": asked.countries, "large": asked.large}.get(cell, asked.stress)
        areas, quarters = LARGE_SIZE if cell == "large" else (asked.areas, asked.quarters)
        jobs += [
            Job(
                cell=cell, index=index, seed=asked.seed, areas=areas, quarters=quarters, engines=engines,
                draws=asked.draws, methods=cell == "prior" and index < asked.methods, engine=asked.engine,
                effective=asked.effective,
            )
            for index in range(wanted)
        ]  # fmt: skip
    return jobs


def code_version() -> str:
    """Return a short checksum of the code and priors that make estimates and scores."""
    digest = hashlib.sha256()
    for path in code_files():
        digest.update(path.read_bytes())
    return digest.hexdigest()[:10]


def code_files() -> list[Path]:
    """Return the files on which a line depends, so that other work does not send the proof back to its start."""
    found: dict[str, Path] = {}
    left = list(CODE)
    while left:
        name = left.pop()
        path = ROOT / (name.replace(".", "/") + ".py")
        path = path if path.exists() else ROOT / name.replace(".", "/") / "__init__.py"
        if name in found or not path.exists():
            continue
        found[name] = path
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module and node.module not in PACKAGES:
                named = [node.module, *[f"{node.module}.{one.name}" for one in node.names]]
                left += [one for one in named if one.startswith(tuple(f"{package}." for package in PACKAGES))]
    return sorted([*found.values(), ROOT / "kalanso" / "coverage" / "priors.yaml"])


def read_lines(folder: Path, code: str | None) -> dict[str, dict[str, Any]]:
    """Return finished countries by key: those of one version of the code, or the newest of any.

    A last line that was cut off by a kill is left aside.
    """
    found = {}
    path = folder / "countries.jsonl"
    if path.exists():
        for text in path.read_text(encoding="utf-8").splitlines():
            try:
                line = json.loads(text)
            except json.JSONDecodeError:
                continue
            if code is None or line["code"] == code:
                found[line["key"]] = line
    return found


def carry_out(jobs: list[Job], folder: Path, code: str, workers: int) -> None:
    """Run the jobs that have no line yet, and append each as it ends."""
    done = read_lines(folder, code)
    left = [job for job in jobs if not _has(done.get(job.key), job)]
    print(
        f"{len(jobs)} countries, {len(jobs) - len(left)} done before, {len(left)} to go; code {code}",
        flush=True,
    )
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "countries.jsonl").open("a", encoding="utf-8") as file:
        file.write("\n")  # ends a line that was cut off
        for number, line in enumerate(_lines(left, workers), 1):
            file.write(json.dumps({**line, "code": code}) + "\n")
            file.flush()
            os.fsync(file.fileno())
            print(f"{number}/{len(left)} {_said(line)}", flush=True)


def _has(line: dict[str, Any] | None, job: Job) -> bool:
    return line is not None and set(job.engines) <= set(line["runs"])


def _lines(jobs: list[Job], workers: int) -> Iterator[dict[str, Any]]:
    if workers < 2 or len(jobs) < 2:
        yield from map(run, jobs)
        return
    with multiprocessing.get_context("spawn").Pool(workers) as pool:
        yield from pool.imap_unordered(run, jobs)


def _said(line: dict[str, Any]) -> str:
    """Return one sentence on a finished country."""
    words = [f"{line['cell']} {line['index']}:"]
    for name, one in line["runs"].items():
        if one["failed"]:
            words.append(f"{name} failed ({one['failed'][:80]})")
            continue
        at = {(q, g, m): v for q, g, m, v, _ in one["scores"]}
        words.append(
            f"{name} {one['seconds']:.0f} s, 95 % holds {at['dtp1', 'all', 'covers95']:.3f} of DTP1, "
            f"{at['missed_dtp1', 'all', 'covers95']:.3f} of children missed, country "
            f"{'inside' if at['dtp1', 'country', 'covers95'] else 'OUTSIDE'}"
        )
    return " ".join(words)


def options(arguments: Iterable[str] | None = None) -> argparse.Namespace:
    """Return what is asked for on the command line."""
    parser = argparse.ArgumentParser(prog="calibrate", description=__doc__)
    parser.add_argument("--cells", default="", help="some of prior, large and the stresses, by commas")
    parser.add_argument("--engines", default="published,preview")
    parser.add_argument("--countries", type=int, default=COUNTRIES)
    parser.add_argument(
        "--methods", type=int, default=COUNTRIES, help="countries on which the usual methods are set beside"
    )
    parser.add_argument("--stress", type=int, default=STRESS_COUNTRIES, help="countries of each stress")
    parser.add_argument("--large", type=int, default=LARGE_COUNTRIES)
    parser.add_argument("--areas", type=int, default=SIZE[0])
    parser.add_argument("--quarters", type=int, default=SIZE[1])
    parser.add_argument("--draws", type=int, default=DRAWS)
    parser.add_argument("--effective", type=float, help="effective draws of totals, fewer for a quick look")
    parser.add_argument("--seed", type=int, default=SEED, help="tune on others than the default")
    parser.add_argument("--workers", type=int, default=WORKERS)
    parser.add_argument("--folder", type=Path, default=FOLDER)
    parser.add_argument("--page", type=Path, default=MODEL_CARD)
    parser.add_argument("--engine", default=ENGINE, help="module:function of the estimator")
    parser.add_argument("--any-code", action="store_true", help="summarise lines of older code too")
    parser.add_argument("--summary-only", action="store_true", help="run nothing, print the tables")
    parser.add_argument("--print-only", action="store_true", help="do not write the model card")
    return parser.parse_args(arguments if arguments is None else list(arguments))


def main(arguments: Iterable[str] | None = None) -> int:
    """Run the proof and write its tables."""
    asked = options(arguments)
    jobs, code = plan(asked), code_version()
    if not asked.summary_only:
        carry_out(jobs, asked.folder, code, asked.workers)
    found = read_lines(asked.folder, None if asked.any_code else code)
    wanted = {job.key for job in jobs}
    lines = [line for key, line in found.items() if key in wanted]
    order = {job.key: at for at, job in enumerate(jobs)}
    lines.sort(key=lambda line: order[line["key"]])
    versions = sorted({line["code"] for line in lines}) or [code]
    text = summary(lines, f"{datetime.now(UTC):%Y-%m-%d}", ", ".join(versions))
    print("\n" + text)
    if not asked.print_only:
        write_section(asked.page, text)
    return 0


def prove(folder: Path) -> str:
    """Run the whole proof; return what was seen in one sentence."""
    main(["--folder", str(folder)])
    lines = list(read_lines(folder, code_version()).values())
    failed = sum(bool(one["failed"]) for line in lines for one in line["runs"].values())
    return f"{len(lines)} countries estimated, {failed} runs without an estimate; tables in the model card"


if __name__ == "__main__":
    sys.exit(main())
