"""A constraint and a regularizer that pull alpha toward a pure operation: logarithm, identity or exponential."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops


def nearest(alpha: Any) -> Any:
    """Return the nearest of -1, 0 and 1 to each alpha."""
    return ops.round(ops.clip(alpha, -1.0, 1.0))


@keras.saving.register_keras_serializable(package="continuum_act")
class TernaryConstraint(keras.constraints.Constraint):
    """Move each alpha, after each update, a part of the way to the nearest of {-1, 0, 1}.

        alpha + rate*(nearest - alpha)

    Args:
        rate: the part of the way, above 0 and at most 1. 1 rounds: alpha then stays where it is until a
            single update takes it past the middle between two of the three.

    Called on a tensor, it returns one of the same shape and dtype.

    Raises:
        ValueError: rate is out of range.

    Example:
    >>> import keras
    >>> import continuum_act as ca
    >>> alpha = ca.TernaryConstraint(rate=0.5)(keras.ops.array([-3.0, 0.25, 0.75]))
    >>> keras.ops.convert_to_numpy(alpha).tolist()
    [-2.0, 0.125, 0.875]
    """

    def __init__(self, rate: float = 0.01) -> None:
        if not 0.0 < rate <= 1.0:
            raise ValueError(f"rate={rate!r}: expected a number above 0 and at most 1.")
        self.rate = rate

    def __call__(self, w: Any) -> Any:
        return w + self.rate * (nearest(w) - w)

    def get_config(self) -> dict[str, Any]:
        return {"rate": self.rate}


@keras.saving.register_keras_serializable(package="continuum_act")
class TernaryRegularizer(keras.regularizers.Regularizer):
    """Penalty `strength * sum((alpha - nearest)**2)`, where nearest is that of {-1, 0, 1} to each alpha.

    Args:
        strength: the factor, at least 0.

    Called on a tensor, it returns a scalar of the same dtype.

    Raises:
        ValueError: strength is negative or not finite.

    Example:
    >>> import keras
    >>> import continuum_act as ca
    >>> float(ca.TernaryRegularizer(strength=2.0)(keras.ops.array([-3.0, 0.5, 1.0])))
    8.5
    """

    def __init__(self, strength: float = 0.01) -> None:
        if not 0.0 <= strength < float("inf"):
            raise ValueError(f"strength={strength!r}: expected a finite number, at least 0.")
        self.strength = strength

    def __call__(self, x: Any) -> Any:
        return self.strength * ops.sum(ops.square(x - ops.stop_gradient(nearest(x))))

    def get_config(self) -> dict[str, Any]:
        return {"strength": self.strength}
