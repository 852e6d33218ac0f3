"""Continuum activations for Keras: the soft exponential (arXiv:1602.01321), its complex extension, a sweep of alpha.

Pure functions of tensors:

    soft_exponential                 logarithm (alpha = -1), identity (0), exponential (1)
    complex_soft_exponential         the same of a complex alpha, with two parts: real and imaginary
    interpolate_add_multiply         p + q (alpha = 0) to p * q (1)
    join_parts, split_parts          the two parts as one tensor, and back
    gain                             mean and deviation of the output, to initialise deep networks

Layers without weights, as `keras.layers.Lambda`, for an alpha that is a hyperparameter:

    soft_exponential_lambda
    complex_soft_exponential_lambda  its output is twice as large as its input
    activation_lambda                of a function of your own

Layers with a trained alpha:

    SoftExponential, ComplexSoftExponential
    TernaryConstraint, TernaryRegularizer  pull alpha toward -1, 0 or 1
    with_fixed_alphas                      a copy of a model with its alphas as constants, for export

Which alpha suits the data:

    sweep                            trains every alpha with every seed and compares
    SweepResult, Best                what it returns, and what its `best` is
    Population                       the members of a sweep as one model
    NotMappable                      the error of a population that would not train its members as if alone

Networks that calculate exactly, of known weights and alphas:

    product_network, inner_product_network, distance_network, polynomial_network,
    sinusoid_network, gaussian_network, softmax_network
"""

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
    from continuum_act.population.stand_in import NotMappable
    from continuum_act.sweep.recorded import Best
    from continuum_act.sweep.result import SweepResult
    from continuum_act.sweep.run import sweep

__all__ = [
    "Best",
    "ComplexSoftExponential",
    "NotMappable",
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
