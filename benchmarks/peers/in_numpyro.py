"""How many effective draws a second does NumPyro's NUTS make of the same model?

Non-centred, with the map in its eigenvectors; runs where `numpyro` is installed, at a size where it
gets anywhere.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np

OUTLIERS, OUTLIER_SCATTER = 0.01, 0.7
MOST_EXCESS = 0.7
WILD, WILD_SHARE = 5.0, 0.02


def sample(arrays: dict[str, Any], draws: int, chains: int, seed: int) -> dict[str, Any]:
    """Return national DTP1 by chain (chains, draws), and the seconds that sampling took, warm-up included."""
    import jax
    import numpyro
    from numpyro.infer import MCMC, NUTS

    numpyro.enable_x64()
    kernel = NUTS(_model, max_tree_depth=9, target_accept_prob=0.85)
    run = MCMC(
        kernel, num_warmup=draws, num_samples=draws, num_chains=chains, chain_method="sequential",
        progress_bar=False,
    )  # fmt: skip
    start = time.perf_counter()
    run.run(jax.random.PRNGKey(seed), prepared(arrays))
    found = run.get_samples(group_by_chain=True)
    return {
        "national": np.asarray(found["national"]),
        "seconds": time.perf_counter() - start,
        "divergences": int(run.get_extra_fields()["diverging"].sum()),
    }


def prepared(arrays: dict[str, Any]) -> dict[str, Any]:
    """Return the arrays with the map's square root: u = root z sums to zero and has the map's precision."""
    values, vectors = np.linalg.eigh(arrays["icar"])
    kept = values > 1e-9 * values.max()
    root = vectors[:, kept] / np.sqrt(values[kept])
    first, last = arrays["cluster_first"][:, None], arrays["cluster_last"][:, None]
    quarters = np.arange(arrays["quarters"])[None, :]
    window = ((quarters >= first) & (quarters <= last)).astype(float)
    return arrays | {"root": root, "window": window / window.sum(axis=1, keepdims=True)}


def _level(
    name: str, size: int, root: Any, sd_about: tuple[float, float], share_about: tuple[float, float]
) -> Any:
    import jax.numpy as jnp
    import numpyro
    import numpyro.distributions as dist

    rank = root.shape[1]
    sd = numpyro.sample(f"sd_{name}", dist.LogNormal(jnp.log(sd_about[0]), sd_about[1]))
    share = numpyro.sample(f"share_{name}", dist.Beta(*share_about))
    smooth = root @ numpyro.sample(f"u_{name}", dist.Normal(0, 1).expand([rank]))
    own = numpyro.sample(f"v_{name}", dist.Normal(0, 1).expand([size]))
    return sd * (jnp.sqrt(share) * smooth + jnp.sqrt(1 - share) * own)


def _course(
    name: str,
    size: int,
    quarters: int,
    walk: tuple[float, float],
    path: tuple[float, float],
    memory: tuple[float, float],
) -> Any:
    import jax.numpy as jnp
    import numpyro
    import numpyro.distributions as dist

    walk_sd = numpyro.sample(f"walk_sd_{name}", dist.LogNormal(jnp.log(walk[0]), walk[1]))
    steps = numpyro.sample(f"walk_{name}", dist.Normal(0, 1).expand([quarters - 1]))
    went = jnp.concatenate([jnp.zeros(1), jnp.cumsum(walk_sd * steps)])
    sd = numpyro.sample(f"path_sd_{name}", dist.LogNormal(jnp.log(path[0]), path[1]))
    kept = jnp.tanh(numpyro.sample(f"memory_{name}", dist.Normal(*memory)) / 2)
    noise = numpyro.sample(f"path_{name}", dist.Normal(0, 1).expand([size, quarters]))
    found = [noise[:, 0]]
    for quarter in range(1, quarters):
        found.append(kept * found[-1] + jnp.sqrt(1 - kept**2) * noise[:, quarter])
    return (went - went.mean())[None, :] + sd * jnp.stack(found, axis=1)


def _shares(data: dict[str, Any]) -> tuple[Any, Any]:
    import jax
    import numpyro
    import numpyro.distributions as dist

    size, quarters = data["areas"], data["quarters"]
    columns, root = data["design"].shape[1], data["root"]
    b1 = numpyro.sample("b1", dist.Normal(0, 1).expand([columns]))
    b3 = numpyro.sample("b3", dist.Normal(0, 1).expand([columns]))
    a3 = numpyro.sample("a3", dist.Normal(0.3, 0.3))
    one = _level("1", size, root, (0.7, 0.5), (2.0, 1.5))
    three = _level("3", size, root, (0.4, 0.5), (2.0, 1.5))
    middle1 = 1.2 + data["design"][:, 0] * b1[0] + data["design"][:, 1:] @ (0.7 * b1[1:])
    middle3 = 2.0 + data["design"][:, 0] * b3[0] + data["design"][:, 1:] @ (0.5 * b3[1:])
    eta1 = (middle1 + one)[:, None] + _course("1", size, quarters, (0.08, 0.6), (0.22, 0.5), (1.6, 0.9))
    eta3 = (middle3 + a3 * one + three)[:, None] + _course(
        "3", size, quarters, (0.06, 0.6), (0.14, 0.35), (1.8, 0.5)
    )
    return jax.nn.sigmoid(eta1), jax.nn.sigmoid(eta3)


def _populations(data: dict[str, Any]) -> Any:
    import jax
    import jax.numpy as jnp
    import numpyro
    import numpyro.distributions as dist

    size, sources = data["level"].shape
    level = data["centre"] + 2 * numpyro.sample("m", dist.Normal(0, 1).expand([size]))
    mean = numpyro.sample("growth", dist.Normal(0.03, 0.01))
    growth = mean + 0.015 * numpyro.sample("g", dist.Normal(0, 1).expand([size]))
    own = data["bias_sd"] * numpyro.sample("bias", dist.Normal(0, 1).expand([sources]))
    sd = numpyro.sample("source_sd", dist.LogNormal(jnp.log(0.18), 0.55).expand([sources]))
    expected = level[:, None] + data["mixing"] @ own + growth[:, None] * data["years"]
    # At most one source of an area is wildly off.
    far = 1 + (WILD - 1) * jnp.concatenate([jnp.zeros((1, sources)), jnp.eye(sources)])
    shares = jnp.log(jnp.array([1 - WILD_SHARE * sources] + [WILD_SHARE] * sources))
    fits = dist.Normal(expected[:, None, :], sd * far[None]).log_prob(data["level"][:, None, :])
    each = shares + (fits * data["known"][:, None, :]).sum(axis=2)
    numpyro.factor("levels", jax.scipy.special.logsumexp(each, axis=1).sum())
    season = 0.04 * data["season"] @ numpyro.sample("season", dist.Normal(0, 1).expand([3]))
    quarters = jnp.arange(data["quarters"])
    away = (quarters - (data["quarters"] - 1) / 2) / 4
    return jnp.exp(level[:, None] + growth[:, None] * away[None, :] + season[None, :])


def _counts(name: str, found: Any, log_mean: Any, scatter: Any) -> None:
    """Count the doses that were found, one report in a hundred wide of the mark."""
    import jax.numpy as jnp
    import numpyro
    import numpyro.distributions as dist

    mean = jnp.exp(log_mean)
    usual = dist.NegativeBinomial2(mean, scatter).log_prob(found) + jnp.log(1 - OUTLIERS)
    wide = dist.NegativeBinomial2(mean, OUTLIER_SCATTER).log_prob(found) + jnp.log(OUTLIERS)
    numpyro.factor(name, jnp.logaddexp(usual, wide).sum())


def _model(data: dict[str, Any]) -> None:
    import jax
    import jax.numpy as jnp
    import numpyro
    import numpyro.distributions as dist

    p1, stay = _shares(data)
    due = _populations(data)
    numpyro.deterministic("national", (due * p1).sum() / due.sum())
    rho = numpyro.sample("rho0", dist.Normal(0, 0.12))
    rho = rho + numpyro.sample("rho_conflict", dist.Normal(0, 0.1)) * data["conflict"]
    rho = rho + _level("reporting", data["areas"], data["root"], (0.15, 0.45), (1.5, 3.0))
    psi = jax.nn.sigmoid(numpyro.sample("completeness", dist.Normal(2.2, 1)))
    late = jax.nn.sigmoid(numpyro.sample("late", dist.Normal(0.7, 0.6)))
    timing_sd = numpyro.sample("timing_sd", dist.LogNormal(jnp.log(0.03), 0.4))
    timing = timing_sd * numpyro.sample("timing", dist.Normal(0, 1).expand([data["quarters"]]))
    timing = timing.at[-1].add(numpyro.sample("newest", dist.Normal(-0.02, 0.03)))
    scatter = [numpyro.sample(f"scatter{dose}", dist.LogNormal(jnp.log(20.0), 0.8)) for dose in "13"]
    third = due * p1 * stay
    before = jnp.concatenate([third[:, :1], third[:, :-1]], axis=1)
    given = jnp.log(due * p1), jnp.log((1 - late) * third + late * before)
    at, quarter, found = data["area1"], data["quarter1"], data["doses1"]
    first = given[0][at, quarter] + rho[at] + timing[quarter] + psi * data["log_complete1"]
    _counts("doses1", found, first, scatter[0])
    # Third doses share what first ones of the quarter exceed their mean by, up to a bound.
    excess = jnp.log((scatter[0] + found) / (scatter[0] + jnp.exp(first)))
    excess = MOST_EXCESS * jnp.tanh(excess / MOST_EXCESS)
    shared = jnp.zeros(due.shape).at[at, quarter].set(excess)
    shared = jax.nn.sigmoid(numpyro.sample("shared", dist.Normal(0, 1.2))) * shared
    recording = 0.03 * numpyro.sample("recording", dist.Normal(0, 1).expand([data["areas"]]))
    at, quarter = data["area3"], data["quarter3"]
    second = given[1][at, quarter] + rho[at] + recording[at] + timing[quarter] + shared[at, quarter]
    _counts("doses3", data["doses3"], second + psi * data["log_complete3"], scatter[1])
    at, window = data["cluster_area"], data["window"]
    weight = 1 - jax.nn.sigmoid(numpyro.sample("icc", dist.Normal(-2.9, 0.6)))
    weight = weight / (1 - weight)
    one = (window * p1[at]).sum(axis=1)
    three = (window * (p1 * stay)[at]).sum(axis=1) / one
    for name, share, found, children in (
        ("found1", one, data["found1"], data["children"]), ("found3", three, data["found3"], data["found1"]),
    ):  # fmt: skip
        law = dist.BetaBinomial(share * weight, (1 - share) * weight, total_count=children.astype(int))
        numpyro.sample(name, law, obs=found)
