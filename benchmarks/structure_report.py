"""The tables of docs/structure.md, from the fits of `benchmarks.structure`."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.stats import t as student

from benchmarks.evidence_statistics import Interval, markdown
from benchmarks.structure_data import CASES, split
from benchmarks.structure_statistics import (
    RIVALS,
    RULES,
    VALIDATIONS,
    cells_of,
    choices,
    differences,
    is_known,
    law_of,
    neighbours,
    right_cells,
    rival_error,
    rule_errors,
    scores,
)

FAILED = 4.0  # a seed whose training error is as many times the least one of its cell


def describe(names: Sequence[str]) -> str:
    """Return the table of the data sets."""
    rows = []
    for name in names:
        case = CASES[name](0)
        parts = split(case, 0)
        x = case.x[:, 0]
        reach = f"{x.max() / x[parts.inner].max():.2f}"
        sizes = [
            len(x),
            case.x.shape[1],
            *map(len, (parts.inner, parts.inside, parts.outer, parts.test, parts.outside)),
        ]
        rows.append([name, "known" if is_known(name) else "believed", case.law, *map(str, sizes), reach])
    header = ["data", "the law is", "law", "rows", "inputs", "inner", "validation inside", "outer", "test inside"]
    return markdown([*header, "outside", "largest x over largest inner x"], rows)


def report(fits: pd.DataFrame) -> str:
    """Return all tables."""
    found = differences(fits)
    sections = {
        "Which cell is chosen": _corners(fits),
        "Wins / ties / losses": _counts(found),
        "Error outside the range, over the rival's": _ratios(fits, found, "outside"),
        "Error inside the range, over the rival's": _ratios(fits, found, "test"),
        "Mean error outside": _errors(fits, "outside"),
        "Mean error inside": _errors(fits, "test"),
        "How to choose": _rules(fits),
        "Seeds that fail": _failures(fits),
    }
    note = f"Corrected for {len(found)} comparisons; {fits.repetition.nunique()} repetitions."
    return "\n\n".join([note, *(f"**{title}**\n\n{table}" for title, table in sections.items())])


def _names(fits: pd.DataFrame) -> list[str]:
    return list(fits.data.unique())


def _corners(fits: pd.DataFrame) -> str:
    chosen = {validation: choices(fits, validation) for validation in VALIDATIONS.values()}
    of = scores(fits)
    best: dict[str, list[str]] = {}
    for (data, _), one in of.items():
        cells = cells_of(law_of(data))
        errors = [one.error(cell, "outside", "all") for cell in cells]
        best.setdefault(data, []).append(cells[int(np.nanargmin(errors))])
    rows = []
    for data in _names(fits):
        law = law_of(data)
        row = [data, law, " or ".join(f"({c})" for c in right_cells(law))]
        for cells in (*(chosen[v][data] for v in VALIDATIONS.values()), best[data]):
            cell, count = Counter(cells).most_common(1)[0]
            exact, near = (sum(c in names for c in cells) for names in (right_cells(law), neighbours(law)))
            row.append(f"{exact} ({near}); ({cell}) {count}")
        rows.append(row)
    for title, known in (("all known", True), ("all believed", False)):
        row = [title, "", ""]
        for cells in (*chosen.values(), best):
            picks = [(law_of(d), c) for d in _names(fits) if is_known(d) == known for c in cells[d]]
            exact, near = (sum(c in names(law) for law, c in picks) for names in (right_cells, neighbours))
            row.append(f"{exact} ({near}) of {len(picks)}")
        rows.append(row)
    header = ["data", "law", "its cell", "validation inside", "validation outer", "least error outside"]
    return markdown(header, rows)


def _counts(found: dict[tuple[str, str, str], Interval]) -> str:
    rows = []
    for rival in RIVALS:
        row = [rival]
        for part in VALIDATIONS:
            for known in (True, False):
                entries = [e for (p, d, r), e in found.items() if (p, r) == (part, rival) and is_known(d) == known]
                signs = [e.sign for e in entries]
                row += [f"{signs.count(-1)} / {signs.count(0)} / {signs.count(1)}"]
                row += [f"{sum(e.mean < 0 for e in entries)} of {len(entries)}"]
        rows.append(row)
    header = ["against"]
    for part in ("inside", "outside"):
        for law in ("known", "believed"):
            header += [f"{part}, {law}", "less error on average"]
    return markdown(header, rows)


def _ratios(fits: pd.DataFrame, found: dict[tuple[str, str, str], Interval], part: str) -> str:
    def text(entry: Interval | None) -> str:
        if entry is None:
            return "-"
        ratio, low, high = (_short(math.exp(min(v, 300))) for v in (entry.mean, *entry[3:]))
        text = f"{ratio} [{low}, {high}]"
        return f"**{text}**" if entry.sign else text

    rows = [[data, *(text(found.get((part, data, rival))) for rival in RIVALS)] for data in _names(fits)]
    return markdown(["data", *RIVALS], rows)


def _short(value: float) -> str:
    return f"{value:.2g}" if 0.01 <= value < 100 else f"{value:.0e}"


def _errors(fits: pd.DataFrame, part: str) -> str:
    sums: dict[str, dict[str, list[float]]] = {}
    for (data, _), one in scores(fits).items():
        law = law_of(data)
        cells = cells_of(law)
        row = sums.setdefault(data, {})
        values = {
            "chosen inside": one.error(one.choose(cells, "inside"), part),
            "chosen outer": one.error(one.choose(cells, "outer"), part),
            "the law's cell": min(one.error(c, part) for c in right_cells(law)),
            "alpha = 0": one.error("0+0i" if law == "sinusoid" else "0,0", part),
            **{rival: rival_error(one, rival, part) for rival in RIVALS},
        }
        for name, value in values.items():
            row.setdefault(name, []).append(value)
    header = ["data", *next(iter(sums.values()))]
    means = {data: [float(np.exp(np.mean(np.log(v)))) for v in row.values()] for data, row in sums.items()}
    return markdown(header, [[data, *map(_short, means[data])] for data in _names(fits)]).replace("nan", "-")


def _rules(fits: pd.DataFrame) -> str:
    """Return how often each rule is right, and its error relative to the median's, over data sets."""
    rows = []
    errors = {
        (part, seed): rule_errors(fits, part, seed) for part in VALIDATIONS for seed in ("least training error", "all")
    }
    for rule in RULES:
        for validation in VALIDATIONS.values():
            row = [rule, validation]
            chosen = choices(fits, validation, rule)
            for known in (True, False):
                picks = [c in right_cells(law_of(d)) for d in chosen if is_known(d) == known for c in chosen[d]]
                row.append(f"{sum(picks)} of {len(picks)}")
            for (part, _), table in errors.items():
                logs = (table[rule, validation] - table["median", VALIDATIONS[part]]).to_numpy()
                if np.all(logs == 0):
                    row.append("1")
                    continue
                half = student.isf(0.025, len(logs) - 1) * logs.std(ddof=1) / math.sqrt(len(logs))
                row.append(f"{math.exp(logs.mean()):.2f} [{math.exp(logs.mean() - half):.2f}, "
                           f"{math.exp(logs.mean() + half):.2f}]")  # fmt: skip
            rows.append(row)
    header = ["rule", "validation", "right, known", "right, believed"]
    header += [f"error {part}, {seed}" for part in ("inside", "outside") for seed in ("best seed", "any seed")]
    return markdown(header, rows)


def _failures(fits: pd.DataFrame) -> str:
    """Return the share of seeds that fail, by cell, over all data sets of the real grid."""
    networks = fits[~fits.data.map(lambda d: law_of(d) == "sinusoid")]
    cells = cells_of("power")
    networks = networks[networks.model.isin(cells)]
    least = networks.groupby(["data", "repetition", "model"]).train.transform("min")
    failed = (networks.train.isna() | (networks.train > FAILED * FAILED * least)).groupby(networks.model).mean()
    grid = failed[cells].to_numpy().reshape(5, 5)
    firsts = list(dict.fromkeys(cell.split(",")[0] for cell in cells))
    rows = [[f"alpha_1 = {a}", *(f"{100 * v:.1f} %" for v in row)] for a, row in zip(firsts, grid, strict=True)]
    return markdown(["", *(f"alpha_2 = {a}" for a in firsts)], rows)
