"""Results of sweeps that never ran, with known means."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from continuum_act.sweep.result import SweepResult


def made(
    alphas: Sequence[Any],
    mean: Callable[[Any], float],
    baselines: Mapping[str, float] | None = None,
    *,
    seeds: int = 5,
    noise: float = 0.01,
    direction: Any = "minimize",
    objective: str = "val_loss",
) -> SweepResult:
    """Return a result whose objective is a mean, an effect of the seed and noise; where it is not finite, diverged."""
    rng = np.random.default_rng(0)
    of_seed = rng.normal(0.0, noise, seeds)
    rows: list[Any] = []
    histories: dict[Any, Any] = {}
    for key, name, at in [
        *(("alpha", alpha, mean(alpha)) for alpha in alphas),
        *(("baseline", name, at) for name, at in (baselines or {}).items()),
    ]:
        for seed in range(seeds):
            value = float(at + of_seed[seed] + rng.normal(0.0, noise))
            state = "complete" if math.isfinite(value) else "diverged"
            row = {key: name, "seed": seed, "state": state, "objective": value, "epochs": 3, "seconds": 0.5}
            rows.append({**row, "loss": 0.8 * value, objective: value, "val_accuracy": 1.0 - value})
            histories[name, seed] = {objective: [value + 2.0, value + 1.0, value]}
    return SweepResult(
        [row for row in rows if "alpha" in row],
        [row for row in rows if "baseline" in row],
        histories,
        "wine",
        objective,
        direction,
        {"arguments": {"seeds": list(range(seeds)), "objective": objective}, "versions": {}},
    )
