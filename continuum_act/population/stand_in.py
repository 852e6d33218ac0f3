"""What `build` receives in place of alpha, and when a model cannot be mapped over it."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np


class NotMappable(ValueError):
    """The members of a model cannot be trained as one program; the message says why.

    `Population` raises it. `sweep` does not: it says why, and trains one member at a time.

    Example:
        >>> import keras
        >>> import continuum_act as ca
        >>> def build(alpha):
        ...     model = keras.Sequential([keras.Input((1,)), ca.soft_exponential_lambda(alpha), keras.layers.Dense(1)])
        ...     model.compile(keras.optimizers.Lamb(), "mse")  # its step depends on the norm of a whole weight
        ...     return model
        >>> try:
        ...     population = ca.Population(build, [-0.5, 0.5])
        ... except ca.NotMappable:
        ...     print("one at a time")
        one at a time
    """


class StandIn(keras.Variable):
    """A scalar variable in place of an alpha: a tensor wherever a layer computes, never a Python number.

    `known_sign` is that of all alphas in its place, -1 or 1 (0 counts as 1), or None if there are both: where it is
    known, the functions compute one formula in place of two.
    """

    def __init__(self, value: float, name: str, sign: int | None) -> None:
        super().__init__(-value if sign == -1 else value, trainable=False, dtype=keras.config.floatx(), name=name)
        self.known_sign = sign

    def _refuse(self, use: str) -> NotMappable:
        return NotMappable(
            f"build(alpha) needs alpha as a Python number: {use}. Hand alpha to a layer unchanged, for example to"
            " soft_exponential_lambda(alpha), and compute with it only inside the layer's function."
        )

    def __float__(self) -> float:
        """Refuse."""
        raise self._refuse("float(alpha)")

    def __int__(self) -> int:
        """Refuse."""
        raise self._refuse("int(alpha)")

    def __index__(self) -> int:
        """Refuse."""
        raise self._refuse("alpha as an index")

    def __complex__(self) -> complex:
        """Refuse."""
        raise self._refuse("complex(alpha)")

    def __bool__(self) -> bool:
        """Refuse."""
        raise self._refuse("bool(alpha), as in `if alpha`")

    def __round__(self, ndigits: Any = None) -> Any:
        """Refuse."""
        raise self._refuse("round(alpha)")

    def __array__(self, dtype: Any = None) -> np.ndarray:
        """Refuse."""
        raise self._refuse("alpha as a NumPy array")

    def __format__(self, spec: str) -> str:
        """Refuse."""
        raise self._refuse("alpha in a formatted string")


def parts(alpha: Any) -> list[float]:
    """Return the real numbers that an alpha consists of: 1, or 2 if complex, for each alpha of a tuple.

    Example:
        >>> parts(0.5), parts(1 + 2j), parts((0.5, 1.0))
        ([0.5], [1.0, 2.0], [0.5, 1.0])
    """
    if isinstance(alpha, (tuple, list, np.ndarray)):
        return [part for value in alpha for part in parts(value)]
    if isinstance(alpha, (complex, np.complexfloating)):
        return [float(alpha.real), float(alpha.imag)]
    return [float(alpha)]


def sign_of(alpha: Any) -> int | None:
    """Return the sign that chooses the formula of an alpha; None for several alphas.

    Example:
        >>> sign_of(-0.5), sign_of(0.0), sign_of(1j), sign_of((0.5, 1.0))
        (-1, 1, 1, None)
    """
    if isinstance(alpha, (tuple, list, np.ndarray)):
        return None
    return -1 if parts(alpha)[0] < 0 else 1


def stand_in(alpha: Any, sign: int | None = None, name: str = "alpha") -> tuple[Any, list[StandIn]]:
    """Return something of the structure of this alpha, and the variables that it consists of.

    A real alpha becomes a variable, a complex one a pair of variables, a tuple of alphas a tuple of these.
    """
    if isinstance(alpha, (tuple, list, np.ndarray)):
        made = [stand_in(value, None, f"{name}_{i}") for i, value in enumerate(alpha)]
        return tuple(value for value, _ in made), [v for _, variables in made for v in variables]
    if isinstance(alpha, (complex, np.complexfloating)):
        pair = [StandIn(0.37, f"{name}_real", sign), StandIn(0.41, f"{name}_imag", None)]
        return tuple(pair), pair
    variable = StandIn(0.37, name, sign)
    return variable, [variable]
