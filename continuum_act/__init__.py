"""Continuum activations for Keras: the soft exponential (arXiv:1602.01321) and its complex extension."""

import sys
from pathlib import Path

__version__ = "0.1.0"


def _is_command() -> bool:
    """Whether this process is `continuum-act`, which answers `--help` and wrong options without TensorFlow."""
    as_module = sys.argv[:1] == ["-m"] and ("-m", "continuum_act") in zip(
        sys.orig_argv, sys.orig_argv[1:], strict=False
    )
    return as_module or Path(sys.argv[0] if sys.argv else "").stem == "continuum-act"


if not _is_command():
    from continuum_act.functions.complex_soft_exponential import complex_soft_exponential
    from continuum_act.functions.gain import gain
    from continuum_act.functions.parts import join_parts, split_parts
    from continuum_act.functions.soft_exponential import interpolate_add_multiply, soft_exponential
    from continuum_act.layers.export import with_fixed_alphas
    from continuum_act.layers.lambdas import (
        activation_lambda,
        complex_soft_exponential_lambda,
        soft_exponential_lambda,
    )
    from continuum_act.layers.ternary import TernaryConstraint, TernaryRegularizer
    from continuum_act.layers.trainable import ComplexSoftExponential, SoftExponential
    from continuum_act.networks.algebraic import (
        distance_network,
        inner_product_network,
        polynomial_network,
        product_network,
    )
    from continuum_act.networks.transcendental import gaussian_network, sinusoid_network, softmax_network
    from continuum_act.population.population import Population
    from continuum_act.sweep.result import SweepResult
    from continuum_act.sweep.run import sweep

__all__ = [
    "ComplexSoftExponential",
    "Population",
    "SoftExponential",
    "SweepResult",
    "TernaryConstraint",
    "TernaryRegularizer",
    "activation_lambda",
    "complex_soft_exponential",
    "complex_soft_exponential_lambda",
    "distance_network",
    "gain",
    "gaussian_network",
    "inner_product_network",
    "interpolate_add_multiply",
    "join_parts",
    "polynomial_network",
    "product_network",
    "sinusoid_network",
    "soft_exponential",
    "soft_exponential_lambda",
    "softmax_network",
    "split_parts",
    "sweep",
    "with_fixed_alphas",
]
