"""The benchmarks measure what they say; the figures in the networks' docstrings are theirs."""

import inspect
import math

import keras
import numpy as np
import pytest

import continuum_act as ca

if keras.backend.backend() != "tensorflow":
    pytest.skip("the benchmarks run on TensorFlow", allow_module_level=True)

from benchmarks import networks, peers

# network, dtype -> the docstring's words, its figure, whether that is in the unit of `networks.UNITS`
FIGURES = {
    ("product", "float32"): ("at most 1.2*(1 + |log|x_1||", 1.2, True),
    ("product", "float64"): ("40 eps for n = 3", 40, False),
    ("product of 8", "float64"): ("72 eps for n = 8", 72, False),
    ("inner product", "float32"): ("at most 23 eps in float32", 23, False),
    ("inner product", "float64"): ("9 eps in float64", 9, False),
    ("distance", "float32"): ("at most 17 eps in float32", 17, False),
    ("distance", "float64"): ("16 eps in float64", 16, False),
    ("polynomial", "float32"): ("at most 70 eps in float32", 70, False),
    ("polynomial", "float64"): ("35 eps in float64", 35, False),
    ("sinusoid", "float32"): ("at most 0.33*(1 + t) eps", 0.33, True),
    ("gaussian", "float64"): ("at most 2.1*(1 + x_1**2", 2.1, True),
    ("softmax", "float64"): ("at most 1.5*(1 + |log y_i|) eps", 1.5, True),
}


@pytest.mark.parametrize(("name", "dtype"), FIGURES)
def test_networks_err_as_their_docstrings_say(name, dtype):
    words, figure, scaled = FIGURES[name, dtype]
    network = getattr(ca, name.removesuffix(" of 8").replace(" ", "_") + "_network")
    assert words in " ".join(inspect.getdoc(network).split())
    found = networks.measured(name, dtype, 500)[scaled]
    # 20,000 inputs reach the figure; 500 come near
    assert 0.3 * figure < found <= 1.05 * figure


def test_peers_agree_where_their_formulas_are_good():
    for peer in peers.PEERS.values():
        for alpha in (0.5, -0.5):
            x = keras.ops.array([0.25, 0.5, 0.75])
            np.testing.assert_allclose(peer.function(x, alpha), ca.soft_exponential(x, alpha), rtol=1e-5)


def test_peers_lose_the_gradient_in_alpha_at_zero():
    slopes = [peers.slope_at_zero(peer.function) for peer in peers.PEERS.values()]
    assert slopes[0] == 3.0
    assert slopes[2] == slopes[3] == 0.0
    assert math.isnan(slopes[1])
    assert math.isnan(slopes[4])


def test_a_sum_of_masked_branches_is_nan_where_another_branch_is():
    assert math.isnan(peers.masked_sum(keras.ops.array(0.5), 1.0))
    assert not math.isnan(peers.selected(keras.ops.array(0.5), 1.0))


@pytest.mark.slow
def test_only_registered_layers_are_loaded_in_safe_mode():
    assert list(peers.reload().values()) == ["yes", "no", "with `custom_objects`", "no"]
