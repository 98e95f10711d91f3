"""How many effective draws a second does NumPyro's NUTS make of the same model?

Non-centred, with the map in its eigenvectors; runs where `numpyro` is installed, at a size where it
gets anywhere.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np


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


def _level(name: str, size: int, rank: int, root: Any, scale_rate: float) -> Any:
    import jax.numpy as jnp
    import numpyro
    import numpyro.distributions as dist

    sd = numpyro.sample(f"sd_{name}", dist.Exponential(scale_rate))
    share = numpyro.sample(f"share_{name}", dist.Beta(1.5, 1.5))
    smooth = root @ numpyro.sample(f"u_{name}", dist.Normal(0, 1).expand([rank]))
    own = numpyro.sample(f"v_{name}", dist.Normal(0, 1).expand([size]))
    return sd * (jnp.sqrt(share) * smooth + jnp.sqrt(1 - share) * own)


def _course(name: str, size: int, quarters: int, walk_rate: float, path_rate: float) -> Any:
    import jax.numpy as jnp
    import numpyro
    import numpyro.distributions as dist

    walk_sd = numpyro.sample(f"walk_sd_{name}", dist.Exponential(walk_rate))
    steps = numpyro.sample(f"walk_{name}", dist.Normal(0, 1).expand([quarters - 1]))
    walk = jnp.concatenate([jnp.zeros(1), jnp.cumsum(walk_sd * steps)])
    sd = numpyro.sample(f"path_sd_{name}", dist.Exponential(path_rate))
    memory = jnp.tanh(numpyro.sample(f"memory_{name}", dist.Normal(1.6, 0.9)) / 2)
    noise = numpyro.sample(f"path_{name}", dist.Normal(0, 1).expand([size, quarters]))
    path = [noise[:, 0]]
    for quarter in range(1, quarters):
        path.append(memory * path[-1] + jnp.sqrt(1 - memory**2) * noise[:, quarter])
    return (walk - walk.mean())[None, :] + sd * jnp.stack(path, axis=1)


def _shares(data: dict[str, Any]) -> tuple[Any, Any]:
    import jax
    import numpyro
    import numpyro.distributions as dist

    size, quarters = data["areas"], data["quarters"]
    columns, rank, root = data["design"].shape[1], data["root"].shape[1], data["root"]
    b1 = numpyro.sample("b1", dist.Normal(0, 1).expand([columns]))
    b3 = numpyro.sample("b3", dist.Normal(0, 1).expand([columns]))
    a3 = numpyro.sample("a3", dist.Normal(0.3, 0.3))
    one = _level("1", size, rank, root, 2.0)
    three = _level("3", size, rank, root, 3.0)
    middle1 = 1.2 + data["design"][:, 0] * b1[0] + data["design"][:, 1:] @ (0.7 * b1[1:])
    middle3 = 2.0 + data["design"][:, 0] * b3[0] + data["design"][:, 1:] @ (0.5 * b3[1:])
    eta1 = (middle1 + one)[:, None] + _course("1", size, quarters, 10.0, 5.0)
    eta3 = (middle3 + a3 * one + three)[:, None] + _course("3", size, quarters, 10.0, 6.0)
    return jax.nn.sigmoid(eta1), jax.nn.sigmoid(eta3)


def _populations(data: dict[str, Any]) -> Any:
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
    with numpyro.handlers.mask(mask=data["known"] > 0):
        numpyro.sample("levels", dist.Normal(expected, sd), obs=data["level"])
    quarters = jnp.arange(data["quarters"])
    away = (quarters - (data["quarters"] - 1) / 2) / 4
    return jnp.exp(level[:, None] + growth[:, None] * away[None, :])


def _model(data: dict[str, Any]) -> None:
    import jax
    import jax.numpy as jnp
    import numpyro
    import numpyro.distributions as dist

    p1, stay = _shares(data)
    due = _populations(data)
    numpyro.deterministic("national", (due * p1).sum() / due.sum())
    rho = numpyro.sample("rho0", dist.Normal(0, 0.12))
    rho = rho + _level("reporting", data["areas"], data["root"].shape[1], data["root"], 7.5)
    psi = jax.nn.sigmoid(numpyro.sample("completeness", dist.Normal(2.2, 1)))
    late = jax.nn.sigmoid(numpyro.sample("late", dist.Normal(-0.5, 0.8)))
    given1, third = due * p1, due * p1 * stay
    before = jnp.concatenate([third[:, :1], third[:, :-1]], axis=1)
    given3 = (1 - late) * third + late * before
    recording = 0.03 * numpyro.sample("recording", dist.Normal(0, 1).expand([data["areas"]]))
    for dose, given, own in (("1", given1, rho), ("3", given3, rho + recording)):
        at, quarter = data[f"area{dose}"], data[f"quarter{dose}"]
        scatter = numpyro.sample(f"scatter{dose}", dist.LogNormal(jnp.log(18.0), 0.6))
        mean = given[at, quarter] * jnp.exp(own[at] + psi * data[f"log_complete{dose}"])
        numpyro.sample(f"doses{dose}", dist.NegativeBinomial2(mean, scatter), obs=data[f"doses{dose}"])
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
