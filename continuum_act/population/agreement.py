"""Whether a model that was built with a stand-in for alpha computes what the model of a number computes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from continuum_act.population.stand_in import NotMappable, parts
from continuum_act.population.stateless_model import StatelessModel, forward

_TOLERANCE = 1e-3  # far above rounding, which a steep activation amplifies; far below what another alpha changes


def check_agreement(
    build: Callable[[Any], keras.Model], stateless: StatelessModel, alpha: Any, seed: int, batch: Any
) -> None:
    """Compare the model that was built with a stand-in with `build(alpha)` on a batch.

    Raises:
        NotMappable: if they differ in optimizer, initial weights, outputs or loss: alpha was used as a number.
    """
    keras.utils.set_random_seed(seed)
    model = build(alpha)
    if model is stateless.model:
        raise ValueError("build returned the same model twice; it must make a new one at each call.")
    if _settings(model.optimizer) != _settings(stateless.model.optimizer):
        raise NotMappable(f"the optimizer of build({alpha!r}) depends on alpha.")
    if not model.built:
        forward(model, batch[0], training=False)
    ordinary = [*model.trainable_variables, *model.non_trainable_variables]
    own = [*stateless.model.trainable_variables, *stateless.model.non_trainable_variables]
    alphas = stateless.variables.alphas
    own = [v for v in own if all(v is not other for other in alphas)]
    if not _same(ordinary, own, 0.0):
        raise NotMappable(f"the initial weights of build({alpha!r}) depend on alpha.")
    values = map(ops.convert_to_tensor, parts(alpha))
    expected = _outputs(model, ordinary, batch, [])
    mapped = _outputs(stateless.model, own, batch, list(zip(alphas, values, strict=True)))
    if not _same(expected, mapped, _TOLERANCE):
        raise NotMappable(
            f"build({alpha!r}) computes something else than build with a variable in place of alpha: it makes"
            " a number of alpha when the model is built, as in `alpha * 2` or `if alpha > 0`. Hand alpha to a"
            " layer unchanged, and compute with it only inside the layer's function."
        )


def worth_checking(alphas: Sequence[Any], checked: Sequence[Any]) -> list[Any]:
    """Return the lowest and the highest of these alphas, one between, and -1, 0 and 1, where code likes to branch.

    What was checked is left out, and so are alphas between such.
    """
    ordered = sorted(alphas, key=parts)
    ends = [ordered[0], ordered[len(ordered) // 2], ordered[-1]]
    if checked:
        low, high = (parts(extreme(checked, key=parts)) for extreme in (min, max))
        ends = [alpha for alpha in ends[::2] if not low <= parts(alpha) <= high]
    special = [alpha for alpha in ordered if alpha in (-1, 0, 1)]
    return list(dict.fromkeys(alpha for alpha in [*ends, *special] if alpha not in checked))


def _settings(optimizer: Any) -> dict[str, Any]:
    return {name: value for name, value in optimizer.get_config().items() if name != "name"}


def _outputs(model: keras.Model, variables: list[Any], batch: Any, alphas: list[tuple[Any, Any]]) -> list[Any]:
    """Return the outputs and the loss, as in training, and leave the model as it is."""
    x, y, sample_weight = batch
    with keras.StatelessScope([*((v, v.value) for v in variables), *alphas], collect_losses=True):
        y_pred = forward(model, x, training=True)
        loss = model.compute_loss(x=x, y=y, y_pred=y_pred, sample_weight=sample_weight, training=True)
    return [*keras.tree.flatten(y_pred), loss]


def _same(ones: Sequence[Any], others: Sequence[Any], tolerance: float) -> bool:
    return len(ones) == len(others) and all(
        _close(_numbers(one), _numbers(other), tolerance) for one, other in zip(ones, others, strict=True)
    )


def _numbers(values: Any) -> np.ndarray:
    return values.numpy() if isinstance(values, keras.Variable) else np.asarray(ops.convert_to_numpy(values))


def _close(one: np.ndarray, other: np.ndarray, tolerance: float) -> bool:
    """Whether arrays agree, relative to their largest element; a few may overflow or leave the domain in one only."""
    if one.shape != other.shape:
        return False
    finite = np.isfinite(one) & np.isfinite(other)
    if np.mean(np.isfinite(one) != np.isfinite(other)) > 0.05:
        return False
    one, other = one[finite].astype("float64"), other[finite].astype("float64")
    return bool(np.max(np.abs(one - other), initial=0.0) <= tolerance * np.max(np.abs(one), initial=0.0))
