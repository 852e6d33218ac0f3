"""Continuum activations for Keras: the soft exponential (arXiv:1602.01321) and its complex extension."""

from continuum_act.functions.complex_soft_exponential import complex_soft_exponential
from continuum_act.functions.parts import join_parts, split_parts
from continuum_act.functions.soft_exponential import interpolate_add_multiply, soft_exponential
from continuum_act.lambdas import (
    activation_lambda,
    complex_soft_exponential_lambda,
    soft_exponential_lambda,
)
from continuum_act.layers import ComplexSoftExponential, SoftExponential
from continuum_act.sweep.result import SweepResult
from continuum_act.sweep.run import sweep
from continuum_act.ternary import TernaryConstraint, TernaryRegularizer

__version__ = "0.1.0"

__all__ = [
    "ComplexSoftExponential",
    "SoftExponential",
    "SweepResult",
    "TernaryConstraint",
    "TernaryRegularizer",
    "activation_lambda",
    "complex_soft_exponential",
    "complex_soft_exponential_lambda",
    "interpolate_add_multiply",
    "join_parts",
    "soft_exponential",
    "soft_exponential_lambda",
    "split_parts",
    "sweep",
]
