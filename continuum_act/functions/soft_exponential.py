"""The real soft exponential (arXiv:1602.01321)."""

from __future__ import annotations

import functools
from typing import Any, get_args

import keras
from keras import ops

from continuum_act.functions import arguments, real_fixed, real_traced
from continuum_act.functions.arguments import is_fixed
from continuum_act.functions.operation import PureOperation
from continuum_act.functions.types import Domain, RealLike, Tensor

DOMAINS = get_args(Domain)


def soft_exponential(x: RealLike, alpha: RealLike, *, domain: Domain = "strict", max_slope: float = 3.0) -> Tensor:
    """Soft exponential of Godfrey and Gashler: logarithm (alpha = -1), identity (0), exponential (1).

        alpha < 0:  -log(1 - alpha*(x + alpha)) / alpha     defined for x > 1/alpha - alpha
        alpha = 0:  x
        alpha > 0:  (exp(alpha*x) - 1)/alpha + alpha

    `soft_exponential(soft_exponential(x, alpha), -alpha)` is x. Derivatives in x and in alpha, of any order, are
    those of the formula; in alpha they need an alpha that is a tensor or a variable.

    Args:
        x: tensor, array or numbers. Integers are computed in `keras.config.floatx()`; float16 and bfloat16 are
            computed in float32 and rounded once (exp overflows float16 above 11).
        alpha: a real number or an array of numbers, whose formula is then chosen in Python; or a tensor or
            `keras.Variable`. It is rounded to the dtype of the computation, and its shape broadcasts against x.
        domain: `"strict"` is the mathematics: for alpha < 0, NaN outside the domain and -inf at its border; for
            alpha > 0, exp as far as the dtype goes. `"linear"` continues the curve by its tangent from the point where
            its slope reaches `max_slope`: below 1/alpha - alpha - 1/(max_slope*alpha) for alpha < 0, above
            log(max_slope)/alpha for alpha > 0. It is continuously differentiable and strictly increasing, and finite
            wherever max_slope*x is.
        max_slope: that slope, above 1 (the slope of the identity); used by `"linear"` alone.

    Returns:
        A tensor of the dtype of x and the broadcast shape of x and alpha.

    Raises:
        TypeError: x or alpha is not made of real numbers, or x is sparse or ragged.
        ValueError: alpha is not finite or does not broadcast against x; domain or max_slope is out of range.

    Example:
    >>> import keras
    >>> import continuum_act as ca
    >>> y = ca.soft_exponential([0.5, 1.0, 2.0], -1.0)
    >>> keras.ops.convert_to_numpy(y).astype("float64").round(3).tolist()
    [-0.693, 0.0, 0.693]

    Notes:
        In a model with masks use `soft_exponential_lambda`: a Keras mask of x is not passed on by this function. So do
        inside `Dense(activation=...)`, where a `functools.partial` of this function could not be saved.

        Accuracy, in float32 and float64, in both domains, for alpha in [-4, 4] and x up to overflow, save within a few
        spacings of the border of the domain; in spacings of the result, beyond what one spacing of x (and of a traced
        alpha) does to it: value 3, d/dx 4 (5 next to x = 0 for a fixed alpha on TensorFlow without XLA), d/dalpha 8.
        Results below the smallest normal number are zero where the hardware flushes them. For |alpha| below 1e-30 the
        gradient overflows where the incoming one is above 1e8.

    Reference: Godfrey and Gashler, arXiv:1602.01321.
    """
    if arguments.is_symbolic(x, alpha):
        return _symbolic(x, alpha, domain, max_slope)
    arguments.choice("domain", domain, DOMAINS)
    limit = arguments.slope(max_slope) if domain == "linear" else None
    inputs = arguments.real_tensor(x)
    dtype = keras.backend.standardize_dtype(inputs.dtype)
    precise = arguments.compute_dtype(dtype)
    function: Any = real_fixed.fixed
    if not is_fixed(alpha):
        function = functools.partial(real_traced.traced, sign=arguments.known_sign(alpha))
    a = _alpha(alpha, precise)
    if not isinstance(a, float):
        arguments.broadcast(inputs, a)
    if dtype == precise:
        return function(inputs, a, limit)
    return ops.cast(function(ops.cast(inputs, precise), a, limit), dtype)


keras.saving.register_keras_serializable(package="continuum_act")(soft_exponential)  # a decorator would hide its types


def _alpha(alpha: Any, dtype: str) -> Any:
    if type(alpha) in (int, float):
        return arguments.fixed_number(alpha, dtype)
    return (arguments.fixed_alpha if is_fixed(alpha) else arguments.traced_alpha)(alpha, dtype)


def _symbolic(x: Any, alpha: Any, domain: Domain, max_slope: float) -> Any:
    if not is_fixed(alpha):
        return SoftExponentialOperation(None, domain, max_slope).symbolic_call(x, alpha)
    alpha = arguments.fixed_alpha(alpha, "float64").tolist()
    return SoftExponentialOperation(alpha, domain, max_slope).symbolic_call(x)


@keras.saving.register_keras_serializable(package="continuum_act")
class SoftExponentialOperation(PureOperation):
    """`soft_exponential` of symbolic tensors, as one node of a Functional model; it holds a fixed alpha itself."""

    function = staticmethod(soft_exponential)

    def __init__(
        self, alpha: Any = None, domain: Domain = "strict", max_slope: float = 3.0, name: str | None = None
    ) -> None:
        super().__init__(alpha, {"domain": domain, "max_slope": max_slope}, name)


def interpolate_add_multiply(p: RealLike, q: RealLike, alpha: RealLike, *, domain: Domain = "strict") -> Tensor:
    """Between adding and multiplying: p + q at alpha = 0, p * q at alpha = 1.

        f(alpha, f(-alpha, p) + f(-alpha, q))      f(alpha, x) = soft_exponential(x, alpha)

    Args:
        p: tensor, array or numbers; positive where alpha = 1, because f(-1, p) = log(p).
        q: as p, of a shape that broadcasts against it.
        alpha: as in `soft_exponential`.
        domain: as in `soft_exponential`.

    Returns:
        A tensor of the dtype of p and q and the broadcast shape of p, q and alpha.

    Raises:
        TypeError: as `soft_exponential`.
        ValueError: as `soft_exponential`; q does not broadcast against p.

    Example:
    >>> import keras
    >>> import continuum_act as ca
    >>> [round(float(ca.interpolate_add_multiply(3.0, 4.0, alpha)), 3) for alpha in (0.0, 0.5, 1.0)]
    [7.0, 10.875, 12.0]

    Reference: Godfrey and Gashler, arXiv:1602.01321.
    """
    parts = arguments.real_tensor(p, "p"), arguments.real_tensor(q, "q")
    arguments.broadcast(*parts, "q", to="p")
    dtype = arguments.compute_dtype(keras.backend.standardize_dtype(parts[0].dtype))
    a = _alpha(alpha, dtype)
    return soft_exponential(ops.add(*(soft_exponential(part, -a, domain=domain) for part in parts)), a, domain=domain)
