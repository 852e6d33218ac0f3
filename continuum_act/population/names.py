"""Names of metrics and outputs as a process of their own would give them.

Keras numbers what has no name by a counter of the process: `auc` in the first model is `auc_1` in the second, and the
loss of an unnamed output `dense_2_loss` is `dense_5_loss`. Members of one sweep must agree.
"""

from __future__ import annotations

import collections
import re
from collections.abc import Callable, Iterable
from typing import Any

import keras


def name_metrics(model: keras.Model) -> None:
    """Count the metrics that have no name of their own from the first of this model on, once they are built."""
    metrics = [m for group in model.metrics for m in getattr(group, "metrics", [group])]
    for metric, name in zip(metrics, _renumbered(metrics), strict=True):
        if metric.name != name:
            metric.name = name


def log_name(model: keras.Model) -> Callable[[str], str]:
    """Return what turns a name in this model's logs into one in which its outputs are numbered likewise."""
    layers = list(getattr(model, "layers", []))
    names = dict(zip((layer.name for layer in layers), _renumbered(layers), strict=True))
    changed = {
        old: new for old, new in names.items() if old != new and old in (getattr(model, "output_names", ()) or ())
    }
    if not changed:
        return lambda name: name
    pattern = re.compile(rf"^(val_)?({'|'.join(map(re.escape, changed))})_")
    return lambda name: pattern.sub(lambda match: f"{match[1] or ''}{changed[match[2]]}_", name)


def _renumbered(named: Iterable[Any]) -> list[str]:
    """Return the names, those that Keras made of a class and a number counted anew."""
    seen: collections.Counter[str] = collections.Counter()
    names = []
    for one in named:
        base = re.sub(r"_\d+$", "", one.name)
        name = one.name
        if base.replace("_", "") == type(one).__name__.lower():
            name = f"{base}_{seen[base]}" if seen[base] else base
            seen[base] += 1
        names.append(name)
    return names
