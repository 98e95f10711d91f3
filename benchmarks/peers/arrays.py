"""What is the evidence of a benchmark as plain arrays that any engine can read?

Made from the tables themselves, not from the estimator's own arrays, so that a peer does not inherit
their faults. The model that peers write down (their own notation):

    logit p1_it = X_i b1 + sb1 (sqrt f1 u1_i + sqrt(1-f1) v1_i) + G1_t + D1_it,   u1 scaled ICAR
    logit q_it  = X_i b3 + a3 B1_i + sb3 (...) + G3_t + D3_it,                    p3 = p1 q
    log n_it    = m_i + g_i (t - middle)/4
    level_ik    = m_i + bias_k (+ bias of its parent) + g_i years_k + N(0, s_k)
    log n_it    gets the season of its quarter
    Y1_it ~ NB(n p1 exp(rho_i + h_t) c^psi, k1),  Y3_it ~ NB(((1-w) n p3 + w of the quarter before) e_it^f ..., k3)
    clusters: DTP1 and DTP3 given DTP1 beta-binomial over the window's mean share

with AR(1) courses D, random walks G, rho = rho0 + (conflict) + sr (field and own), and e the factor by which first doses of the
quarter exceed their mean. A report in a hundred is wide, one source of an area may be wildly off. TMB's version knows neither
e, h, season nor what is wide, so that it has less to compute than we have; growth of sources in both is as years alone say.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from kalanso.coverage import Evidence


def peer_arrays(evidence: Evidence) -> dict[str, Any]:
    """Return arrays by name: sizes, design, map, counts, levels of populations, clusters."""
    areas, periods = evidence.areas, evidence.periods
    index, order = evidence.area_index, evidence.period_index
    covariates = evidence.covariates[evidence.covariate_names].to_numpy(float)
    spread = covariates.std(axis=0)
    standard = ((covariates - covariates.mean(axis=0)) / np.where(spread > 0, spread, 1))[:, spread > 0]
    found: dict[str, Any] = {
        "areas": len(areas),
        "quarters": len(periods),
        "design": np.column_stack([np.ones(len(areas)), standard]),
        "icar": scaled_icar(evidence),
        "season": _season(periods),
        "conflict": _conflict(evidence),
    }
    for dose in ("1", "3"):
        rows = evidence.doses[evidence.doses["indicator"] == f"dtp{dose}_doses"]
        at = rows["place_code"].map(index).to_numpy(int)
        quarter = rows["period"].map(order).to_numpy(int)
        share = (rows["reports_received"] / rows["reports_expected"]).to_numpy(float)
        found |= {
            f"area{dose}": at,
            f"quarter{dose}": quarter,
            f"doses{dose}": rows["value"].to_numpy(float),
            f"log_complete{dose}": np.log(np.clip(share, 1e-3, 1)),
        }
    return found | _populations(evidence) | _clusters(evidence)


def _season(periods: list[str]) -> np.ndarray:
    """Return three contrasts of the four quarters of a year, orthonormal, each quarter of the same size (T, 3)."""
    contrasts = np.linalg.qr(np.column_stack([np.ones(4), np.eye(4)[:, :3]]))[0][:, 1:]
    return np.asarray(contrasts[[int(code[-1]) - 1 for code in periods]] * np.sqrt(4 / 3))


def _conflict(evidence: Evidence) -> np.ndarray:
    if "conflict" not in evidence.covariates:
        return np.zeros(len(evidence.areas))
    flags = evidence.covariates.set_index("place_code")["conflict"]
    return flags.reindex(evidence.areas).fillna(0).to_numpy(float)


def scaled_icar(evidence: Evidence) -> np.ndarray:
    """Return the precision of the map (N, N), dense, scaled to a typical variance of one."""
    size, index = len(evidence.areas), evidence.area_index
    found = np.zeros((size, size))
    at = evidence.neighbours["place_code"].map(index).to_numpy(int)
    beside = evidence.neighbours["neighbour_code"].map(index).to_numpy(int)
    found[at, beside] = -1
    np.fill_diagonal(found, -found.sum(axis=1))
    inverse = np.linalg.inv(found + 1 / size) - 1 / size
    return found * np.exp(np.log(np.diag(inverse)).mean())


def _populations(evidence: Evidence) -> dict[str, Any]:
    names = list(dict.fromkeys(evidence.denominators["source"]))
    table = evidence.denominators.assign(log=np.log(evidence.denominators["surviving_infants"] / 4))
    first, last = evidence.periods[0], evidence.periods[-1]
    middle = (int(first[:4]) + int(last[:4]) + (int(first[-1]) + int(last[-1]) - 1) / 4) / 2
    mean = table.groupby(["place_code", "source"]).agg(level=("log", "mean"), year=("period", "mean"))
    shape = (len(evidence.areas), len(names))
    level, years, known = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    for (place, source), row in mean.iterrows():
        at = evidence.area_index[place], names.index(source)
        level[at], years[at], known[at] = row["level"], row["year"] + 0.5 - middle, 1
    declared = evidence.denominator_sources.set_index("source")
    mixing = np.eye(len(names))
    for at, name in enumerate(names):
        if (parent := declared.loc[name, "parent_source"]) in names:
            mixing[at, names.index(parent)] = 1
    return {
        "level": level, "years": years, "known": known, "mixing": mixing,
        "bias_sd": declared.loc[names, "bias_sd"].to_numpy(float), "centre": float(level[known > 0].mean()),
    }  # fmt: skip


def _clusters(evidence: Evidence) -> dict[str, Any]:
    keys = ["survey", "cluster", "place_code", "start", "end"]
    wide = evidence.surveys.pivot_table(index=keys, columns="indicator", values=["vaccinated", "children"])
    rows = wide.index.to_frame(index=False)
    return {
        "cluster_area": rows["place_code"].map(evidence.area_index).to_numpy(int),
        "cluster_first": rows["start"].map(evidence.period_index).to_numpy(int),
        "cluster_last": rows["end"].map(evidence.period_index).to_numpy(int),
        "children": wide["children", "dtp1"].to_numpy(float),
        "found1": wide["vaccinated", "dtp1"].to_numpy(float),
        "found3": wide["vaccinated", "dtp3"].to_numpy(float),
    }


def write_arrays(arrays: dict[str, Any], path: Path) -> Path:
    """Write the arrays as JSON, the map as its entries, for a peer in another language."""
    plain = {k: v.tolist() if isinstance(v, np.ndarray) else v for k, v in arrays.items() if k != "icar"}
    at, beside = np.nonzero(arrays["icar"])
    plain |= {"icar_i": at.tolist(), "icar_j": beside.tolist(), "icar_x": arrays["icar"][at, beside].tolist()}
    path.write_text(json.dumps(plain), encoding="utf-8")
    return path
