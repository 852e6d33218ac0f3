"""What users may rely on: the names, their arguments, and docstrings that say what they need to."""

import inspect
import re

import keras
import pytest

import continuum_act as ca

SIGNATURES = {
    "soft_exponential": "(x, alpha, *, domain='strict', max_slope=3.0)",
    "complex_soft_exponential": "(x, alpha, *, join='stack', axis=-1)",
    "interpolate_add_multiply": "(p, q, alpha, *, domain='strict')",
    "gain": "(alpha, *, domain='linear', max_slope=3.0)",
    "join_parts": "(re, im, *, join, axis=-1)",
    "split_parts": "(y, *, join, axis=-1)",
    "soft_exponential_lambda": "(alpha=None, *, domain='linear', max_slope=3.0, **layer_kwargs)",
    "complex_soft_exponential_lambda": "(alpha=None, *, join='concat', axis=-1, **layer_kwargs)",
    "activation_lambda": "(function, *, output_shape='same', arguments=None, **layer_kwargs)",
}
NETWORKS = {
    "product_network": ["n"],
    "inner_product_network": ["n"],
    "distance_network": ["n"],
    "polynomial_network": ["coefficients"],
    "sinusoid_network": ["frequencies", "amplitudes", "phases"],
    "gaussian_network": ["n"],
    "softmax_network": ["n"],
}
SWEEP = [
    "build", "alphas", "x", "y", "validation_data", "validation_split", "epochs", "batch_size", "seeds", "objective",
    "direction", "epoch", "callbacks", "class_weight", "sample_weight", "pruner", "sampler", "trials", "baselines",
    "storage", "study_name", "population", "engine", "verbose",
]  # fmt: skip
CLASSES = {"SoftExponential", "ComplexSoftExponential", "Population", "SweepResult", "NotMappable", "Best"}


def test_all_lists_what_the_package_has():
    promised = {*SIGNATURES, *NETWORKS, *CLASSES, "sweep"}
    assert promised <= set(ca.__all__)
    assert sorted(ca.__all__) == list(ca.__all__)
    for name in ca.__all__:
        assert callable(getattr(ca, name))
    assert callable(ca.sweep), "the subpackage of the same name must not hide the function"


@pytest.mark.parametrize("name", SIGNATURES)
def test_signature_is_the_promised_one(name):
    parameters = inspect.signature(getattr(ca, name)).parameters.values()
    bare = inspect.Signature([p.replace(annotation=inspect.Parameter.empty) for p in parameters])
    assert str(bare) == SIGNATURES[name]


@pytest.mark.parametrize("name", NETWORKS)
def test_networks_take_the_promised_arguments(name):
    parameters = inspect.signature(getattr(ca, name)).parameters.values()
    assert [p.name for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD] == NETWORKS[name]


def test_sweep_takes_the_promised_arguments():
    assert list(inspect.signature(ca.sweep).parameters) == SWEEP


@pytest.mark.parametrize("name", ["SoftExponential", "ComplexSoftExponential"])
def test_trainable_layers_take_the_arguments_of_prelu(name):
    prelu = [p for p in inspect.signature(keras.layers.PReLU).parameters if p != "kwargs"]
    assert list(inspect.signature(getattr(ca, name)).parameters)[: len(prelu)] == prelu


def test_help_lists_every_name_by_its_purpose():
    assert set(ca.__all__) <= set(re.findall(r"\w+", ca.__doc__))


@pytest.mark.parametrize("name", ca.__all__)
def test_docstring_has_a_summary_and_an_example(name):
    text = inspect.getdoc(getattr(ca, name))
    assert text.splitlines()[0].endswith((".", "?"))
    assert ">>>" in text
    assert "Raises:" in text or name in {"SweepResult", "Best", "NotMappable"}


@pytest.mark.parametrize("name", ca.__all__)
def test_docstring_is_for_a_reader(name):
    text = inspect.getdoc(getattr(ca, name))
    head, _, _ = text.partition("Args:")
    assert "Accuracy" not in head, "what it takes comes before how exact it is"
    assert not re.search(r"\d\.\d{7}", text), "round the output of an example"


def test_what_a_population_raises_and_a_result_returns_are_public():
    with pytest.raises(ca.NotMappable):
        ca.Population(lambda alpha: float(alpha), [0.1])
    rows = [{"alpha": 0.0, "seed": 0, "state": "complete", "objective": 1.0, "epochs": 1, "seconds": 0.1}]
    assert ca.SweepResult(rows).best == ca.Best(0.0, 0, 1.0)
