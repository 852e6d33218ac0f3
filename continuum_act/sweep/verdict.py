"""What a sweep found, as one sentence."""

from __future__ import annotations

import math
from collections.abc import Sequence

from continuum_act.population.arguments import Alpha
from continuum_act.study.parameters import label
from continuum_act.sweep.direction import Direction
from continuum_act.sweep.rows import Comparison, Summary, in_words


def verdict(
    alphas: Sequence[Summary],
    best: Alpha | None,
    comparison: Sequence[Comparison],
    objective: str,
    direction: Direction,
) -> str:
    """Say which alpha has the best mean, and what it is better and worse than, as far as the data tell.

    Example:
        >>> entry = {"alpha": 0.5, "complete": 5, "diverged": 0, "failed": 0, "mean": 0.121, "standard_error": 0.01}
        >>> relu = {"rival": "relu", "difference": -0.018, "low": -0.026, "high": -0.011, "verdict": "better"}
        >>> verdict([entry], 0.5, [relu], "val_loss", "minimize")
        'alpha = 0.5 is worse than relu by 0.018 [0.011, 0.026] in validation loss (5 seeds, 95 % intervals).'
    """
    measure = in_words(objective)
    if best is None:
        troubles = {state: sum(entry[state] for entry in alphas) for state in ("diverged", "failed")}
        counts = " and ".join(f"{count} {state}" for state, count in troubles.items() if count) or "none completed"
        return (
            f"No alpha completed for every seed ({counts}): "
            "try smaller alphas, a smaller learning rate, or domain='linear'."
        )
    chosen = next(entry for entry in alphas if entry["alpha"] == best)
    whole = sum(not (entry["diverged"] or entry["failed"]) for entry in alphas)
    name = f"alpha = {label(best).removeprefix('+')}" + (f", the best of {whole}," if whole > 1 else "")
    seeds = chosen["complete"]
    if seeds < 2:
        return (
            f"{name} has a {measure} of {chosen['mean']:.3g} with one seed, which cannot tell it from any other: "
            "train with 5 seeds or so."
        )
    over = f"{seeds} seeds, 95 % intervals" + (", corrected for the choice of alpha)" if whole > 1 else ")")
    if not comparison:
        extreme = "lowest" if direction == "minimize" else "highest"
        return (
            f"{name} has the {extreme} mean {measure}, {chosen['mean']:.3g} [{chosen['low']:.3g}, "
            f"{chosen['high']:.3g}]; nothing tells whether that is good: give baselines ({seeds} seeds, 95 % interval)."
        )
    told = {
        kind: [_against(c) for c in comparison if c["verdict"] == of]
        for kind, of in (("better than", "worse"), ("worse than", "better"))
    }
    clauses = [f"{kind} {_listed(rivals)}" for kind, rivals in told.items() if rivals]
    untold = [c["rival"] for c in comparison if c["verdict"] == "cannot tell" and not math.isnan(c["low"])]
    missing = [c["rival"] for c in comparison if math.isnan(c["low"])]
    sentence = f"{name} is {' and '.join(clauses)} in {measure}"
    if untold and clauses:
        sentence += f"; the data cannot tell it from {_listed(untold, 'or')}"
    elif untold:
        sentence = f"{name} cannot be told from {_listed(untold, 'or')} in {measure}"
    elif not clauses:
        sentence = f"{name} has no rival that completed for two seeds"
    if missing and (untold or clauses):
        sentence += f"; {_listed(missing)} did not complete for two seeds"
    return f"{sentence} ({over}."


def _against(entry: Comparison) -> str:
    low, high = sorted((abs(entry["low"]), abs(entry["high"])))
    return f"{entry['rival']} by {abs(entry['difference']):.2g} [{low:.2g}, {high:.2g}]"


def _listed(names: Sequence[str], last: str = "and") -> str:
    return f" {last} ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
