"""Small statistics between units: differences, changes and correlations, with their intervals.

Sources: Welch 1947; Hedges 1981; Kruskal & Wallis 1952; Mann & Whitney 1947; Wilcoxon 1945; Holm 1979; the permutation
p counts the observation itself (Phipson & Smyth 2010); the rank-biserial correlation is Kerby's (2014). SciPy is
imported where a law is needed: questions that count or list are answered before it would be loaded.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: Units in a group below which it is only described, and below which a permutation is counted beside Welch's test.
LEAST_TESTED, SMALL = 5, 20

DRAWS, SEED = 2000, 20240229

#: Signed ranks up to this many are counted exactly.
_EXACT = 25


def summary(values: NDArray[np.float64]) -> dict[str, Any]:
    """Number, mean with its interval (bootstrap over the units), and standard deviation."""
    n = len(values)
    low, high = bootstrap(values) if n >= LEAST_TESTED else (float("nan"), float("nan"))
    return {
        "n": n,
        "value": float(values.mean()) if n else float("nan"),
        "sd": float(values.std(ddof=1)) if n > 1 else float("nan"),
        "ci_low": low,
        "ci_high": high,
    }


def quantiles(values: NDArray[np.float64]) -> dict[str, float]:
    """Least, greatest, and what lies between."""
    if not len(values):
        return dict.fromkeys(("min", "p10", "median", "p90", "max"), float("nan"))
    found = np.quantile(values, (0.0, 0.1, 0.5, 0.9, 1.0))
    return dict(zip(("min", "p10", "median", "p90", "max"), map(float, found), strict=True))


def bootstrap(values: NDArray[np.float64]) -> tuple[float, float]:
    """95 % interval of the mean when units are drawn again; for many of them the normal one, which it comes to."""
    n = len(values)
    if n > 500:
        from scipy.special import stdtrit

        half = float(stdtrit(n - 1, 0.975)) * float(values.std(ddof=1)) / np.sqrt(n)
        return float(values.mean() - half), float(values.mean() + half)
    low, high = np.quantile(values[_drawn(DRAWS, n)].mean(axis=1), (0.025, 0.975))
    return float(low), float(high)


def two_groups(a: NDArray[np.float64], b: NDArray[np.float64]) -> dict[str, Any]:
    """Difference of means (first less second) with Welch's interval, Hedges' g; for small groups a permutation p."""
    from scipy.special import stdtr, stdtrit

    na, nb = len(a), len(b)
    va, vb = a.var(ddof=1) / na, b.var(ddof=1) / nb
    difference = float(a.mean() - b.mean())
    error = float(np.sqrt(va + vb))
    found: dict[str, Any] = {"test": "Welch", "difference": difference}
    if error > 0:
        free = float((va + vb) ** 2 / (va**2 / (na - 1) + vb**2 / (nb - 1)))
        t = difference / error
        half = float(stdtrit(free, 0.975)) * error
        p = 2 * float(stdtr(free, -abs(t)))
        found |= {"t": t, "df": free, "p": p, "ci_low": difference - half, "ci_high": difference + half}
        pooled = np.sqrt(((na - 1) * a.var(ddof=1) + (nb - 1) * b.var(ddof=1)) / (na + nb - 2))
        found["hedges_g"] = float(difference / pooled * (1 - 3 / (4 * (na + nb) - 9)))
    if min(na, nb) < SMALL:
        found["permutation_p"] = permutation_p(a, b)
    return found


@lru_cache(2)
def _drawn(draws: int, n: int) -> NDArray[np.int64]:
    """``(draws, n)`` units drawn again; the same for every measure of so many units."""
    return np.random.default_rng(SEED).integers(0, n, (draws, n))


@lru_cache(2)
def _shuffles(n: int) -> NDArray[np.int64]:
    """``(DRAWS, n)`` orders of n units."""
    return np.argsort(np.random.default_rng(SEED).random((DRAWS, n)), axis=1)


def permutation_p(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Share of random regroupings that differ as much."""
    both = np.concatenate([a, b])
    shuffled = both[_shuffles(len(both))]
    differences = shuffled[:, : len(a)].mean(axis=1) - shuffled[:, len(a) :].mean(axis=1)
    seen = abs(a.mean() - b.mean())
    return float((np.sum(np.abs(differences) >= seen - 1e-12 * max(1.0, seen)) + 1) / (DRAWS + 1))


def several_groups(groups: dict[str, NDArray[np.float64]]) -> dict[str, Any]:
    """Kruskal and Wallis's test, and each two groups by rank sums, corrected by Holm."""
    from scipy.special import chdtrc

    values = np.concatenate(list(groups.values()))
    ranks, ties = ranked(values)
    n = len(values)
    edges = np.cumsum([len(each) for each in groups.values()])[:-1]
    h = 12 / (n * (n + 1)) * sum(part.sum() ** 2 / len(part) for part in np.split(ranks, edges)) - 3 * (n + 1)
    correction = 1 - ties / (n**3 - n)
    found: dict[str, Any] = {"test": "Kruskal-Wallis", "df": len(groups) - 1}
    if correction > 0:
        found |= {"h": float(h / correction), "p": float(chdtrc(len(groups) - 1, h / correction))}
    names = list(groups)
    pairs = [(a, b) for at, a in enumerate(names) for b in names[at + 1 :]]
    corrected = holm([rank_sum_p(groups[a], groups[b]) for a, b in pairs])
    found["pairs"] = [
        {"groups": [a, b], "difference": float(groups[a].mean() - groups[b].mean()), "p_holm": p}
        for (a, b), p in zip(pairs, corrected, strict=True)
    ]
    return found


def rank_sum_p(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Mann and Whitney's p, by the normal law corrected for ties."""
    from scipy.special import ndtr

    ranks, ties = ranked(np.concatenate([a, b]))
    na, nb, n = len(a), len(b), len(a) + len(b)
    u = ranks[:na].sum() - na * (na + 1) / 2
    variance = na * nb / 12 * (n + 1 - ties / (n * (n - 1)))
    if variance <= 0:
        return 1.0
    return float(min(1.0, 2 * ndtr(-max(0.0, abs(u - na * nb / 2) - 0.5) / np.sqrt(variance))))


def paired(before: NDArray[np.float64], after: NDArray[np.float64]) -> dict[str, Any]:
    """Change within units (after less before): Wilcoxon's signed ranks, and the rank-biserial correlation."""
    change = after - before
    low, high = bootstrap(change)
    found: dict[str, Any] = {
        "test": "Wilcoxon",
        "difference": float(change.mean()),
        "ci_low": low,
        "ci_high": high,
    }
    moved = change[change != 0]
    if not len(moved):
        return {**found, "p": 1.0, "rank_biserial": 0.0}
    ranks, ties = ranked(np.abs(moved))
    total = len(moved) * (len(moved) + 1) / 2
    up = float(ranks[moved > 0].sum())
    return {**found, "p": _signed_rank_p(up, len(moved), ties), "rank_biserial": float((2 * up - total) / total)}


def spearman(x: NDArray[np.float64], y: NDArray[np.float64]) -> dict[str, Any]:
    """Rank correlation with its bootstrap interval; p by Student's law."""
    from scipy.special import stdtr

    n = len(x)
    rho = rank_correlation(x, y)
    found: dict[str, Any] = {"test": "Spearman", "rho": rho, "n": n}
    if not np.isfinite(rho) or n < LEAST_TESTED:
        return found
    t = rho * np.sqrt((n - 2) / max(1e-300, 1 - rho**2))
    found["p"] = 2 * float(stdtr(n - 2, -abs(t)))
    if n > 1000:
        half = 1.96 * np.sqrt((1 + rho**2 / 2) / (n - 3))  # Bonett & Wright 2000
        centre = np.arctanh(np.clip(rho, -1 + 1e-12, 1 - 1e-12))
        return {**found, "ci_low": float(np.tanh(centre - half)), "ci_high": float(np.tanh(centre + half))}
    rhos = np.array([rank_correlation(x[each], y[each]) for each in _drawn(DRAWS // 4, n)])
    low, high = np.nanquantile(rhos, (0.025, 0.975))
    return {**found, "ci_low": float(low), "ci_high": float(high)}


def rank_correlation(x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    """Spearman's coefficient; NaN where one of them is constant."""
    if len(x) < 3:
        return float("nan")
    a, b = ranked(x)[0], ranked(y)[0]
    a, b = a - a.mean(), b - b.mean()
    scale = np.sqrt((a**2).sum() * (b**2).sum())
    return float((a * b).sum() / scale) if scale > 0 else float("nan")


def ranked(values: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    """Ranks from 1, equal values sharing theirs, and the sum of t³ − t over the ties."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    upto = np.cumsum(counts)
    return (upto - (counts - 1) / 2)[place.ravel()], float((counts.astype(float) ** 3 - counts).sum())


def holm(p: list[float]) -> list[float]:
    """Values corrected for their number."""
    order = np.argsort(p)
    found = np.empty(len(p))
    largest = 0.0
    for rank, place in enumerate(order):
        largest = max(largest, min(1.0, (len(p) - rank) * p[place]))
        found[place] = largest
    return found.tolist()


def robust_z(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Distance from the median in 1.4826 median absolute deviations; NaN where these are 0."""
    middle = np.nanmedian(values) if np.isfinite(values).any() else np.nan
    spread = 1.4826 * np.nanmedian(np.abs(values - middle)) if np.isfinite(middle) else np.nan
    return (values - middle) / spread if spread > 0 else np.full(len(values), np.nan)


def _signed_rank_p(up: float, n: int, ties: float) -> float:
    if n <= _EXACT and ties == 0:
        ways = np.zeros(n * (n + 1) // 2 + 1)
        ways[0] = 1.0
        for rank in range(1, n + 1):
            ways[rank:] = ways[rank:] + ways[:-rank]
        least = round(min(up, n * (n + 1) / 2 - up))
        return float(min(1.0, 2 * ways[: least + 1].sum() / ways.sum()))
    from scipy.special import ndtr

    variance = n * (n + 1) * (2 * n + 1) / 24 - ties / 48
    distance = max(0.0, abs(up - n * (n + 1) / 4) - 0.5)
    return float(min(1.0, 2 * ndtr(-distance / np.sqrt(variance))))
