"""How fast is the estimator of coverage, how does it grow, and how near is it to its limit?

Countries of 150 to 6,000 areas: preview and published posterior, peak memory, seconds of one density
with its slope, effective draws a second. Peers on the same model: R's TMB for one objective and
gradient, NumPyro's NUTS for effective draws at a size where it runs; each is skipped, with the reason,
where it is not installed.

`make bench BENCH=estimation`; BENCH_COUNTRIES=150x12,1500x12,1500x36,6000x12 chooses sizes,
BENCH_PUBLISHED the largest that is also published, BENCH_PEERS the size for TMB.
"""

from __future__ import annotations

import importlib.util
import itertools
import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

for threads in ("NUMBA_NUM_THREADS", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(threads, "1")

import numpy as np  # noqa: E402

from benchmarks.measuring import Measured, keep, measure  # noqa: E402
from kalanso.coverage import Evidence, Question  # noqa: E402
from kalanso.simulation import EvidenceSettings, simulate_evidence  # noqa: E402
from kalanso.simulation.evidence_settings import (  # noqa: E402
    ReportingSettings,
    SurveySettings,
)

SIZES = ("150x12", "1500x12", "1500x36", "6000x12")
PUBLISHED_UP_TO = 1500 * 12
PEER_SIZE, NUTS_SIZE = "1500x12", "60x8"
SEED = 5
ENGINE_SEED = 7
NUTS_DRAWS, NUTS_CHAINS = 400, 2
TARGETS = {  # seconds on two cores, as the issue asks
    ("1500x12", "preview"): 10, ("1500x12", "published"): 180, ("1500x36", "preview"): 30,
    ("1500x36", "published"): 600, ("1500x12", "warm preview"): 5,
}  # fmt: skip
WITH_COUPLING = EvidenceSettings(
    reporting=ReportingSettings(attendance=0.15), surveys=SurveySettings(stock=True)
)


def evidence_of(size: str, *, coupling: bool = False) -> Evidence:
    """Return the evidence of one benchmark country: `coupling` adds stock and attendance outside the area."""
    areas, quarters = map(int, size.split("x"))
    settings = WITH_COUPLING if coupling else EvidenceSettings()
    return Evidence.of(
        **simulate_evidence(areas, quarters, np.random.default_rng(SEED), settings=settings)[0]
    )


def effective_draws(values: np.ndarray) -> float:
    """Return the effective number of draws (chains, draws) by Geyer's initial positive sequence."""
    chains, count = values.shape
    centred = values - values.mean()
    size = 1 << (2 * count - 1).bit_length()
    spectrum = np.abs(np.fft.rfft(centred, size, axis=1)) ** 2
    covariance = np.fft.irfft(spectrum, size, axis=1)[:, :count].mean(axis=0) / count
    if covariance[0] <= 0:
        return float(chains * count)
    ratio = covariance / covariance[0]
    pairs = ratio[: count // 2 * 2].reshape(-1, 2).sum(axis=1)
    stop = int(np.argmax(pairs < 0)) if (pairs < 0).any() else len(pairs)
    time_scale = max(-1 + 2 * np.minimum.accumulate(pairs[:stop]).sum(), 1 / np.log10(chains * count + 10))
    return float(chains * count / time_scale)


def estimated(size: str, preview: bool, coupling: bool = False) -> dict[str, Any]:
    """Estimate a country twice over: compiled first on a tiny one, so that only the second is timed."""
    from kalanso.coverage.estimating import estimate

    tiny = Question(preview=preview, draws=60, seed=ENGINE_SEED)
    estimate(evidence_of("30x8", coupling=coupling), tiny, np.random.default_rng(1))
    evidence = evidence_of(size, coupling=coupling)
    start = time.perf_counter()
    posterior = estimate(
        evidence, Question(preview=preview, seed=ENGINE_SEED), np.random.default_rng(ENGINE_SEED)
    )
    seconds = time.perf_counter() - start
    found: dict[str, Any] = {"seconds": seconds, "draws": len(posterior.surviving_infants)}
    if not preview:
        gates = posterior.diagnostics.get("gates", {})
        found["effective"] = float(gates.get("effective_draws", {}).get("value", np.nan))
        found |= {name: posterior.diagnostics.get(name) for name in ("gradients", "factorisations")}
    return found


def warm_preview(size: str) -> dict[str, Any]:
    """Time the preview of a country whose newest quarter has just come, from the posterior before."""
    from kalanso.coverage.estimating import estimate

    evidence = evidence_of(size)
    before = evidence.doses["period"] < evidence.periods[-1]
    older = Evidence.of(**{**_tables(evidence), "doses": evidence.doses[before]})
    question = Question(preview=True, seed=ENGINE_SEED)
    posterior = estimate(older, question, np.random.default_rng(1))
    start = time.perf_counter()
    estimate(evidence, question, np.random.default_rng(1), warm=posterior.warm_start)
    return {"seconds": time.perf_counter() - start}


def _tables(evidence: Evidence) -> dict[str, Any]:
    names = ("places", "neighbours", "covariates", "doses", "denominators", "denominator_sources", "surveys")
    return {name: getattr(evidence, name) for name in names}


def gradient(size: str) -> dict[str, Any]:
    """Time one log density with its slope, and one sparse factorisation of the fields' precision."""
    import scipy.sparse as sp

    from kalanso.coverage.designing import design
    from kalanso.coverage.frame import Frame
    from kalanso.coverage.gmrf import Pattern
    from kalanso.coverage.layout import Layout
    from kalanso.coverage.model import Model
    from kalanso.coverage.priors import default_priors

    read = design(evidence_of(size), Question(), default_priors())
    layout = Layout(read, default_priors())
    model = Model(layout, Frame.plain(layout.scales(layout.start), *read.shape))
    at = model.start()
    matrix = sp.csc_matrix(read.field.precision + sp.eye(read.shape[0]))
    pattern = Pattern.of(matrix)
    return {
        "seconds": repeated(lambda: model(at)),
        "factor": repeated(lambda: pattern.factor(matrix)),
        "coordinates": model.size,
    }


def repeated(work: Callable[[], Any], least: float = 0.5) -> float:
    """Return seconds of the processor for one call: the best of three rounds of at least `least` seconds in all."""
    work()
    start = time.thread_time()
    work()
    times = max(1, int(least / max(time.thread_time() - start, 1e-6) / 3))
    rounds = []
    for _ in range(3):
        start = time.thread_time()
        for _ in range(times):
            work()
        rounds.append((time.thread_time() - start) / times)
    return min(rounds)


def tmb(size: str) -> dict[str, Any] | str:
    """Return TMB's seconds on the same model, or why it was skipped."""
    from benchmarks.peers.arrays import peer_arrays, write_arrays

    if not shutil.which("Rscript"):
        return "R is not installed"
    wanted = 'quit(status = !all(sapply(c("TMB", "Matrix", "jsonlite"), requireNamespace, quietly = TRUE)))'
    if subprocess.run(["Rscript", "-e", wanted], capture_output=True, check=False).returncode:  # noqa: S603, S607
        return "R lacks one of the packages TMB, Matrix, jsonlite"
    peers = Path(__file__).parent / "peers"
    with tempfile.TemporaryDirectory() as folder:
        arrays = write_arrays(peer_arrays(evidence_of(size)), Path(folder) / "arrays.json")
        command = ["Rscript", str(peers / "in_tmb.R"), str(arrays), str(peers / "coverage.cpp"), folder]
        said = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
        if said.returncode:
            return (
                f"TMB failed: {said.stderr.strip().splitlines()[-1] if said.stderr.strip() else 'no message'}"
            )
        found: dict[str, Any] = json.loads(said.stdout.strip().splitlines()[-1])
        return found


def nuts(size: str) -> dict[str, Any] | str:
    """Return effective draws and seconds of NumPyro's NUTS, or why it was skipped."""
    if importlib.util.find_spec("numpyro") is None:
        return "numpyro is not installed"
    from benchmarks.peers.arrays import peer_arrays
    from benchmarks.peers.in_numpyro import sample

    found = sample(peer_arrays(evidence_of(size)), NUTS_DRAWS, NUTS_CHAINS, SEED)
    national = found["national"]
    return {
        "seconds": found["seconds"], "effective": effective_draws(national), "mean": float(national.mean()),
        "sd": float(national.std()), "divergences": found["divergences"],
    }  # fmt: skip


def national(size: str) -> dict[str, Any]:
    """Return our published national DTP1 of a country, to stand beside a peer's."""
    from kalanso.coverage.estimating import estimate

    estimate(evidence_of("30x8"), Question(draws=60), np.random.default_rng(1))
    start = time.perf_counter()
    posterior = estimate(evidence_of(size), Question(seed=ENGINE_SEED), np.random.default_rng(ENGINE_SEED))
    seconds = time.perf_counter() - start
    due = np.asarray(posterior.surviving_infants, dtype=float)
    share = (due * np.asarray(posterior.dtp1_coverage, dtype=float)).sum(axis=(1, 2)) / due.sum(axis=(1, 2))
    chain = np.asarray(posterior.chain)
    kept = min(np.bincount(chain))
    by_chain = np.stack([share[chain == one][:kept] for one in np.unique(chain)])
    return {
        "seconds": seconds, "effective": effective_draws(by_chain), "mean": float(share.mean()),
        "sd": float(share.std()),
    }  # fmt: skip


def main() -> None:
    """Measure everything and print it, a line at a time."""
    asked = os.environ.get("BENCH_COUNTRIES")
    sizes = asked.split(",") if asked else list(SIZES)
    most = os.environ.get("BENCH_PUBLISHED", "")
    published_up_to = _cells(most) if most else PUBLISHED_UP_TO
    lines: list[Measured] = []
    print("\nEstimates of coverage: areas x quarters, DTP1 and DTP3", flush=True)
    for size in sizes:
        lines += _growth(size, published=_cells(size) <= published_up_to)
    _ratios(lines, sizes)
    lines += _others(sizes)
    keep(Path("bench-results") / "estimation.json", lines)


def _cells(size: str) -> int:
    areas, quarters = map(int, size.split("x"))
    return areas * quarters


def _done(step: str, size: str, work: Callable[..., Any], *arguments: Any) -> Measured | None:
    """Run one step in a process of its own; say why where it cannot run."""
    try:
        return measure(f"{size} {step}", _cells(size), work, *arguments)
    except Exception as error:  # one step that fails leaves the others
        print(f"  {size:<10}{step:<26}not measured: {type(error).__name__}: {str(error)[:120]}", flush=True)
        return None


def _growth(size: str, *, published: bool) -> list[Measured]:
    found = []
    one = line = _done("density and slope", size, gradient, size)
    if line:
        found.append(line)
        print(
            f"  {size:<10}{'density and slope':<26}{1000 * line.result['seconds']:>9.2f} ms"
            f"{1000 * line.result['factor']:>9.2f} ms a factorisation{line.result['coordinates']:>10,} coordinates",
            flush=True,
        )
    for step, preview in (("preview", True), ("published", False)):
        if not preview and not published:
            continue
        if line := _done(step, size, estimated, size, preview):
            found.append(line)
            _say(size, step, line)
            _limit(size, one, line)
    return found


def _say(size: str, step: str, line: Measured) -> None:
    seconds = line.result["seconds"]
    target = TARGETS.get((size, step))
    words = f"  of {target} s allowed" if target else ""
    if "effective" in line.result:
        words = f"{line.result['effective']:>9.0f} effective draws{line.result['effective'] / seconds:>9.1f} a second{words}"
    print(f"  {size:<10}{step:<26}{seconds:>9.1f} s {line.peak_gb:>9.2f} GB{words}", flush=True)


def _limit(size: str, one: Measured | None, line: Measured) -> None:
    """Print how much of a published posterior's time is the arithmetic that it cannot do without."""
    if one is None or not line.result.get("gradients"):
        return
    gradients = line.result["gradients"]
    least = gradients * one.result["seconds"]
    words = f"{gradients:,.0f} densities with slope: {least:.0f} s"
    if factorisations := line.result.get("factorisations"):
        factors = factorisations * one.result["factor"]
        words += f", {factorisations:,.0f} factorisations: {factors:.1f} s"
        least += factors
    print(
        f"  {size:<10}{'at the least':<26}{least:>9.1f} s {words}; taken {line.result['seconds'] / least:.1f} times that",
        flush=True,
    )


def _ratios(lines: list[Measured], sizes: list[str]) -> None:
    """Print how time grows with the country, step by step."""
    by_step = {line.step: line for line in lines}
    print("\nGrowth: times the seconds, for times the cells")
    for small, large in itertools.pairwise(sizes):
        for step in ("density and slope", "preview", "published"):
            one, two = (by_step.get(f"{size} {step}") for size in (small, large))
            if one and two:
                ratio = two.result["seconds"] / one.result["seconds"]
                print(
                    f"  {small} to {large:<10}{step:<22}{ratio:>7.1f} x for{_cells(large) / _cells(small):>6.1f} x"
                )


def _others(sizes: list[str]) -> list[Measured]:
    """Measure the warm preview, what coupled areas cost, and the peers."""
    found = []
    middle = "1500x12" if "1500x12" in sizes else sizes[0]
    print("\nOther steps", flush=True)
    if line := _done("warm preview", middle, warm_preview, middle):
        found.append(line)
        _say(middle, "warm preview", line)
    if line := _done("stock and attendance", middle, estimated, middle, True, True):
        found.append(line)
        _say(middle, "preview, stock, attendance", line)
    return found + _peers()


def _peers() -> list[Measured]:
    print("\nPeers on the same model", flush=True)
    found = []
    size = os.environ.get("BENCH_PEERS", PEER_SIZE)
    theirs, ours = _done("TMB", size, tmb, size), _done("density and slope", size, gradient, size)
    if theirs and isinstance(theirs.result, str):
        print(f"  TMB: skipped, {theirs.result}")
    elif theirs and ours:
        found += [theirs, ours]
        for name in ("joint", "laplace"):
            seconds, own = theirs.result[name], ours.result["seconds"]
            print(
                f"  {size} TMB, {name} objective and gradient: {seconds:.3f} s; ours {own:.4f} s: {seconds / own:.1f} x"
            )
    peer = _done("NUTS", NUTS_SIZE, nuts, NUTS_SIZE)
    if peer and isinstance(peer.result, str):
        print(f"  NumPyro: skipped, {peer.result}")
    elif peer and (own := _done("published", NUTS_SIZE, national, NUTS_SIZE)):
        found += [peer, own]
        for name, line in (("NumPyro NUTS", peer), ("ours", own)):
            one = line.result
            print(
                f"  {NUTS_SIZE} {name}: {one['effective'] / one['seconds']:.2f} effective draws a second, "
                f"national DTP1 {one['mean']:.4f} (sd {one['sd']:.4f})"
            )
    return found


if __name__ == "__main__":
    main()
