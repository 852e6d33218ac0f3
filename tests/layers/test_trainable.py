"""The trainable layers behave like `keras.layers.PReLU`, and their alpha moves to where the data want it."""

import copy

import keras
import numpy as np
import pytest
from keras import layers, ops

import continuum_act as ca

Constant = keras.initializers.Constant


def numpy(tensor):
    return ops.convert_to_numpy(tensor)


@pytest.mark.parametrize("cls", [ca.SoftExponential, ca.ComplexSoftExponential])
@pytest.mark.parametrize(("shape", "shared"), [((4,), None), ((4,), 1), ((5, 4), [1]), ((5, 6, 4), [1, 2])])
def test_alpha_has_the_shape_that_prelu_gives_it(cls, shape, shared):
    x = ops.ones((2, *shape))
    prelu, layer = layers.PReLU(shared_axes=shared), cls(shared_axes=shared)
    prelu(x), layer(x)
    parts = (2,) if cls is ca.ComplexSoftExponential else ()
    assert tuple(layer.alpha.shape) == (*prelu.alpha.shape, *parts)
    assert layer.trainable_variables == [layer.alpha]
    given, prelus = layer.get_config(), prelu.get_config()
    assert {name: given[name] for name in prelus if name not in ("name", "alpha_initializer")} == {
        name: value for name, value in prelus.items() if name not in ("name", "alpha_initializer")
    }


def test_a_negative_axis_counts_from_the_end():
    layer = ca.SoftExponential(shared_axes=[-1])
    layer(ops.ones((2, 5, 4)))
    assert tuple(layer.alpha.shape) == (5, 1)


def test_each_element_has_the_alpha_at_its_place():
    alphas = np.array([[-0.5, 0.0], [0.3, 1.0], [2.0, -1.0]])
    x = np.random.default_rng(0).uniform(0.5, 2, (4, 3, 2)).astype("float32")
    layer = ca.SoftExponential(Constant(alphas))
    expected = numpy(ca.soft_exponential(x, alphas, domain="linear"))
    np.testing.assert_allclose(numpy(layer(x)), expected, rtol=2e-6)


def first_step(layer, x, target=0.0, rate=0.1):
    """Return alpha after one step of gradient descent on the mean of the output, from outside the layer."""
    model = keras.Sequential([keras.Input(x.shape[1:]), layer, layers.Flatten()])
    model.compile(keras.optimizers.SGD(rate), lambda y_true, y_pred: ops.mean(y_pred, axis=-1))
    model.fit(x, np.zeros((len(x), 1)), batch_size=len(x), verbose=0)
    return numpy(layer.alpha)


def test_alpha_leaves_zero_on_the_first_step_by_the_right_gradient():
    """df/dalpha = 1 + x**2/2 at alpha = 0."""
    x = np.random.default_rng(0).uniform(-2, 2, (64, 1)).astype("float32")
    alpha = first_step(ca.SoftExponential(), x)
    np.testing.assert_allclose(alpha, [-0.1 * np.mean(1 + x.astype("float64") ** 2 / 2)], rtol=1e-5)


def test_a_complex_alpha_leaves_zero_on_the_first_step_by_the_right_gradient():
    """The same for the real part by Re f; the imaginary part moves Im f alone: half the mean each."""
    x = np.random.default_rng(0).uniform(-2, 2, (64, 1)).astype("float32")
    alpha = first_step(ca.ComplexSoftExponential(join="concat"), x)
    np.testing.assert_allclose(alpha, [[-0.05 * np.mean(1 + x.astype("float64") ** 2 / 2)] * 2], rtol=1e-5)


@pytest.mark.parametrize("target", [0.5, -0.5, 1.0])
def test_a_network_recovers_the_alpha_of_its_data(target):
    x = np.random.default_rng(0).uniform(-2, 2, (512, 1)).astype("float32")
    y = numpy(ca.soft_exponential(x, target, domain="linear"))
    layer = ca.SoftExponential()
    model = keras.Sequential([keras.Input((1,)), layer])
    model.compile(keras.optimizers.Adam(0.05), "mse")
    model.fit(x, y, epochs=25, batch_size=64, verbose=0)
    np.testing.assert_allclose(numpy(layer.alpha), [target], atol=1e-3)


def test_a_network_recovers_the_frequency_of_its_data():
    """f(i*w, x) holds sin(w*x)/w: a Dense layer behind it has the rest to learn."""
    x = np.random.default_rng(0).uniform(-2, 2, (512, 1)).astype("float32")
    layer = ca.ComplexSoftExponential(Constant([0.0, 1.5]), alpha_constraint="non_neg", join="concat")
    model = keras.Sequential([keras.Input((1,)), layer, layers.Dense(1)])
    model.compile(keras.optimizers.Adam(0.05), "mse")
    history = model.fit(x, np.sin(2 * x), epochs=60, batch_size=64, verbose=0)
    assert history.history["loss"][-1] < 1e-3
    np.testing.assert_allclose(numpy(layer.alpha), [[0.0, 2.0]], atol=0.05)


def test_the_constraint_goes_part_of_the_way_to_the_nearest():
    alpha = np.array([-2.0, -0.6, -0.4, 0.0, 0.2, 0.9, 5.0])
    nearest = np.array([-1.0, -1.0, 0.0, 0.0, 0.0, 1.0, 1.0])
    for rate in (0.1, 1.0):
        expected = alpha + rate * (nearest - alpha)
        np.testing.assert_allclose(numpy(ca.TernaryConstraint(rate)(ops.convert_to_tensor(alpha))), expected)


def test_the_regularizer_is_the_squared_distance_to_the_nearest():
    alpha = np.array([-2.0, -0.6, -0.4, 0.0, 0.2, 0.9, 5.0])
    distance = np.abs(alpha[:, None] - np.array([-1, 0, 1])).min(axis=1)
    loss = ca.TernaryRegularizer(0.3)(ops.convert_to_tensor(alpha))
    np.testing.assert_allclose(numpy(loss), 0.3 * np.sum(distance**2))


@pytest.mark.parametrize(
    "pull", [{"alpha_constraint": "TernaryConstraint"}, {"alpha_regularizer": ca.TernaryRegularizer(1.0)}]
)
def test_alpha_is_pulled_to_the_nearest_pure_operation(pull):
    layer = ca.SoftExponential(Constant([-0.7, 0.3, 0.8]), **pull)
    model = keras.Sequential([keras.Input((3,)), layer])
    model.compile(keras.optimizers.SGD(0.01), lambda y_true, y_pred: 0.0 * y_pred)
    model.fit(np.zeros((200, 3)), np.zeros((200, 3)), batch_size=1, verbose=0)
    # (1 - 0.01)**200 of the distance is left, or with the regularizer (1 - 2 * 0.01)**200
    left = (numpy(layer.alpha) - [-1, 0, 1]) / [0.3, 0.3, -0.2]
    np.testing.assert_allclose(left, 0.99**200 if "alpha_constraint" in pull else 0.98**200, rtol=1e-3)


@pytest.mark.parametrize("name", ["TernaryConstraint", "continuum_act>TernaryConstraint", "UnitNorm", "non_neg"])
def test_a_constraint_is_found_by_its_name(name):
    constraint = ca.SoftExponential(alpha_constraint=name).alpha_constraint
    assert isinstance(constraint, keras.constraints.Constraint)


def test_a_regularizer_is_found_by_its_name():
    assert isinstance(
        ca.SoftExponential(alpha_regularizer="TernaryRegularizer").alpha_regularizer, ca.TernaryRegularizer
    )
    with pytest.raises(ValueError, match="no_such"):
        ca.SoftExponential(alpha_regularizer="no_such")


LAYERS = {
    "real": lambda: ca.SoftExponential(
        Constant([[0.1, -0.2, 0.3]]),
        alpha_regularizer="TernaryRegularizer",
        alpha_constraint=ca.TernaryConstraint(0.5),
        shared_axes=[1],
        max_slope=4.0,
    ),
    "complex": lambda: ca.ComplexSoftExponential(
        Constant([0.1, 0.2]), alpha_constraint="MaxNorm", shared_axes=[1, 2], join="concat"
    ),
    "complex, time": lambda: ca.ComplexSoftExponential(shared_axes=[1], join="concat", axis=1),
}


@pytest.mark.parametrize("kind", LAYERS)
def test_a_saved_layer_keeps_weights_configuration_and_mask(kind, tmp_path):
    model = keras.Sequential(
        [
            keras.Input((5,), dtype="int32"),
            layers.Embedding(4, 3, mask_zero=True),
            LAYERS[kind](),
            layers.LSTM(2),
        ]
    )
    model.layers[1].alpha.assign_add(0.05 * ops.ones(model.layers[1].alpha.shape))
    tokens = np.array([[1, 2, 0, 0, 0], [3, 1, 2, 1, 0]])
    model.save(tmp_path / "m.keras")
    for twin in (keras.models.load_model(tmp_path / "m.keras", safe_mode=True), copy.deepcopy(model)):
        assert twin.layers[1].get_config() == model.layers[1].get_config()
        np.testing.assert_array_equal(numpy(twin(tokens)), numpy(model(tokens)))
    before = numpy(model(tokens))
    (table,) = model.layers[0].get_weights()
    model.layers[0].set_weights([np.concatenate([table[:1] + 1, table[1:]])])  # what the mask hides
    np.testing.assert_allclose(numpy(model(tokens)), before, rtol=1e-6)


@pytest.mark.parametrize("pair", [False, True])
@pytest.mark.parametrize(("join", "axis"), [("stack", -1), ("stack", 1), ("concat", -1), ("concat", 1), ("list", -1)])
def test_the_stated_shape_is_the_returned_one(join, axis, pair):
    layer = ca.ComplexSoftExponential(shared_axes=1, join=join, axis=axis)
    symbols = [keras.Input((None, 3)), keras.Input((None, 3))]
    x = [np.ones((2, 4, 3), "float32")] * 2
    stated = layer(symbols if pair else symbols[0])
    actual = layer(x if pair else x[0])
    for symbol, tensor in zip(keras.tree.flatten(stated), keras.tree.flatten(actual), strict=True):
        assert len(symbol.shape) == len(tensor.shape)
        assert all(n in (None, m) for n, m in zip(symbol.shape, tensor.shape, strict=True))


def test_an_axis_of_unknown_size_must_be_shared():
    with pytest.raises(ValueError, match=r"shared_axes=\[1\]"):
        ca.SoftExponential()(keras.Input((None, 3)))


@pytest.mark.parametrize("axes", [0, 3, -3, "a", [1, 5], 1.0])
def test_an_axis_that_the_input_does_not_have_is_refused(axes):
    with pytest.raises(ValueError, match="from 1 to 2"):
        ca.SoftExponential(shared_axes=axes)(keras.Input((4, 3)))


def test_another_input_shape_is_refused():
    layer = ca.SoftExponential()
    layer(np.ones((2, 3)))
    with pytest.raises(ValueError, match="incompatible"):
        layer(np.ones((2, 4)))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [({"domain": "linaer"}, "linear"), ({"max_slope": 0}, "max_slope"), ({"shared": 1}, "shared")],
)
def test_a_misspelt_argument_is_refused_when_the_layer_is_made(wrong, message):
    with pytest.raises((TypeError, ValueError), match=message):
        ca.SoftExponential(**wrong)


@pytest.mark.parametrize(
    "pull",
    [lambda: ca.TernaryConstraint(0), lambda: ca.TernaryConstraint(1.1), lambda: ca.TernaryRegularizer(-1)],
)
def test_a_pull_out_of_range_is_refused(pull):
    with pytest.raises(ValueError, match="expected"):
        pull()
