"""The complex soft exponential, on (re, im) pairs of real tensors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal, overload

import keras
import numpy as np
from keras import ops

from continuum_act.functions import arguments, complex_fixed, complex_traced
from continuum_act.functions.operation import PureOperation
from continuum_act.functions.parts import join_parts
from continuum_act.functions.types import ComplexLike, Join, RealLike, Tensor

_traced: Callable[..., Any] = complex_traced.traced
if keras.backend.backend() == "torch":
    import torch

    # PyTorch's compiler would take minutes for so many operations: they run as they are
    _traced = torch.compiler.disable(_traced)


@overload
def complex_soft_exponential(
    x: ComplexLike | Sequence[RealLike], alpha: ComplexLike, *, join: Literal["list"], axis: int = -1
) -> list[Tensor]: ...


@overload
def complex_soft_exponential(
    x: ComplexLike | Sequence[RealLike],
    alpha: ComplexLike,
    *,
    join: Literal["stack", "concat"] = "stack",
    axis: int = -1,
) -> Tensor: ...


@overload
def complex_soft_exponential(
    x: ComplexLike | Sequence[RealLike], alpha: ComplexLike, *, join: Join, axis: int = -1
) -> Tensor | list[Tensor]: ...


def complex_soft_exponential(
    x: ComplexLike | Sequence[RealLike], alpha: ComplexLike, *, join: Join = "stack", axis: int = -1
) -> Tensor | list[Tensor]:
    """Soft exponential of a complex alpha; the output has two parts, real and imaginary.

    With z = x or z = re + i*im, and alpha = a + i*b:

        alpha = 0:   z
        a >= 0:      (exp(alpha*z) - 1)/alpha + alpha
        a <  0:      -Log(1 - alpha*(z + alpha)) / alpha

    Log is the principal logarithm, with imaginary part in (-pi, pi]; a negative real argument has Arg = +pi,
    whatever its signed zero. This branch rule is a convention of this project. It agrees with `soft_exponential`
    wherever that is defined, is finite where the real function leaves its domain (save at the border itself), and gives
    f(i*w, x) = sin(w*x)/w + i*((1 - cos(w*x))/w + w).

    Args:
        x: tensor, array or numbers; or a list or tuple `[re, im]` of two of them. A complex tensor is split into its
            parts. Integers are computed in `keras.config.floatx()`; float16 and bfloat16 in float32, rounded once.
        alpha: a real or complex number or array; or a tensor or `keras.Variable`; or a list or tuple
            `(real, imag)` of any of these. It is rounded to the dtype of the computation.
        join: `"stack"` returns shape + (2,), a new axis at `axis`; `"concat"` doubles `axis` (all real, then all
            imaginary); `"list"` returns `[re, im]`.
        axis: the axis of the output that holds the parts.

    Returns:
        A tensor, or for `"list"` a list of two, of the dtype of x (of its parts, if x is complex). For x of shape
        (batch, n), `"stack"` gives (batch, n, 2), `"concat"` (batch, 2*n).

    Raises:
        TypeError: x or alpha is not made of numbers, or x is sparse or ragged.
        ValueError: alpha is not finite or does not broadcast against x; join is not known, or axis out of range.

    Example:
    >>> import keras
    >>> import continuum_act as ca
    >>> y = ca.complex_soft_exponential([[0.5, 1.0]], 1j, join="concat")  # sin(x), then 2 - cos(x)
    >>> keras.ops.convert_to_numpy(y).astype("float64").round(3).tolist()
    [[0.479, 0.841, 1.122, 1.46]]

    Notes:
        In a model with masks use `complex_soft_exponential_lambda`: a Keras mask of x is not passed on by this
        function.

        Accuracy, in float32 and float64, for |alpha| up to 4, in spacings as of `soft_exponential`, norm-wise over the
        two parts: value 4; derivative in x 5 for a fixed alpha, 6 for a traced one; derivative in alpha 32. Next to
        the branch cut, rounding of x and alpha decides the side. The derivative is lost where 1/(alpha*t**2)
        overflows, next to t = 1 - alpha*(z + alpha) = 0 for |alpha| < 1e-30.

    Reference: the real function is that of Godfrey and Gashler, arXiv:1602.01321.
    """
    if arguments.is_symbolic(x, alpha):
        return _symbolic(x, alpha, join, axis)
    re, im = _parts(x)
    dtype = keras.backend.standardize_dtype(re.dtype)
    precise = arguments.compute_dtype(dtype)
    if dtype != precise:
        re = ops.cast(re, precise)
        im = None if im is None else ops.cast(im, precise)
    if arguments.is_fixed(alpha):
        value = _fixed_alpha(alpha, precise)
        if not isinstance(value, complex):
            arguments.broadcast(re, value)
        parts = complex_fixed.fixed(re, im, value)
    else:
        a, b = _traced_alpha(alpha, precise)
        arguments.broadcast(re, a)
        arguments.broadcast(re, b)
        sign = arguments.known_sign(alpha[0] if isinstance(alpha, (list, tuple)) else alpha)
        parts = _traced(re, im, a, b, sign)
    if dtype != precise:
        parts = ops.cast(parts[0], dtype), ops.cast(parts[1], dtype)
    return join_parts(*parts, join=join, axis=axis)


keras.saving.register_keras_serializable(package="continuum_act")(complex_soft_exponential)


def _symbolic(x: Any, alpha: Any, join: Join, axis: int) -> Any:
    if not arguments.is_fixed(alpha):
        return ComplexSoftExponentialOperation(None, join, axis).symbolic_call(x, alpha)
    alpha = np.asarray(_fixed_alpha(alpha, "float64"))
    pair = [alpha.real.tolist(), alpha.imag.tolist()]
    return ComplexSoftExponentialOperation(pair, join, axis).symbolic_call(x)


@keras.saving.register_keras_serializable(package="continuum_act")
class ComplexSoftExponentialOperation(PureOperation):
    """`complex_soft_exponential` of symbolic tensors, as one node of a model; it holds a fixed alpha itself."""

    function = staticmethod(complex_soft_exponential)

    def __init__(self, alpha: Any = None, join: Join = "stack", axis: int = -1, name: str | None = None) -> None:
        super().__init__(alpha, {"join": join, "axis": axis}, name)


def _parts(x: Any) -> tuple[Any, Any]:
    if isinstance(x, (list, tuple)) and len(x) == 2:
        re, im = arguments.real_tensor(x[0], "re"), arguments.real_tensor(x[1], "im")
        if re.dtype != im.dtype:
            dtype = keras.backend.result_type(re.dtype, im.dtype)
            re, im = ops.cast(re, dtype), ops.cast(im, dtype)
        arguments.broadcast(re, im, "im")
        if re.shape != im.shape:
            zero = ops.zeros_like(re) + ops.zeros_like(im)
            re, im = re + zero, im + zero
        return re, im
    x = arguments.tensor(x)
    if "complex" in keras.backend.standardize_dtype(x.dtype):
        return ops.real(x), ops.imag(x)
    return x, None


def _pair(alpha: Any) -> tuple[Any, Any] | None:
    if not isinstance(alpha, (list, tuple)):
        return None
    if len(alpha) != 2:
        raise ValueError(
            f"alpha is a {type(alpha).__name__} of length {len(alpha)}, expected a pair (real, imag). Several alphas"
            " are given as a NumPy array."
        )
    return alpha[0], alpha[1]


def _fixed_alpha(alpha: Any, dtype: str) -> complex | np.ndarray:
    if type(alpha) in (int, float, complex):
        return complex(*(arguments.fixed_number(part, dtype) for part in (alpha.real, alpha.imag)))
    complex_dtype = "complex64" if dtype == "float32" else "complex128"
    pair = _pair(alpha)
    if pair is None:
        return arguments.fixed_alpha(alpha, dtype, kinds="iufcV").astype(complex_dtype)
    if all(type(part) in (int, float) for part in pair):
        return complex(*(arguments.fixed_number(part, dtype, "a part of alpha") for part in pair))
    a, b = (arguments.fixed_alpha(part, dtype, "a part of alpha") for part in pair)
    return np.asarray(a + 1j * b).astype(complex_dtype)


def _traced_alpha(alpha: Any, dtype: str) -> tuple[Any, Any]:
    pair = _pair(alpha)
    if pair is None:
        alpha = arguments.tensor(alpha, "alpha") if _is_tensor(alpha) else arguments.traced_alpha(alpha, dtype)
        if "complex" in keras.backend.standardize_dtype(alpha.dtype):
            return ops.cast(ops.real(alpha), dtype), ops.cast(ops.imag(alpha), dtype)
        a = ops.cast(alpha, dtype)
        return a, ops.zeros_like(a)
    a, b = (
        ops.convert_to_tensor(arguments.fixed_alpha(part, dtype, "a part of alpha"))
        if arguments.is_fixed(part)
        else arguments.traced_alpha(part, dtype, "a part of alpha")
        for part in pair
    )
    return a, b


def _is_tensor(alpha: Any) -> bool:
    return hasattr(alpha, "shape") and hasattr(alpha, "dtype")
