"""A variable given as alpha is followed, compiled or not, and stays its owner's."""

import keras
import numpy as np
import pytest

import continuum_act as ca

ONE = np.ones((1, 1), "float32")


@keras.saving.register_keras_serializable(package="tests")
def scaled(x, scale):
    return keras.ops.multiply(x, scale)


def around(layer):
    dense = keras.layers.Dense(1, use_bias=False, kernel_initializer="ones")
    model = keras.Sequential([keras.Input((1,)), dense, layer])
    model.compile(keras.optimizers.SGD(0.0), "mae")
    return model


@pytest.mark.parametrize("trainable", [True, False])
def test_predict_evaluate_and_fit_see_each_assignment_after_they_were_compiled(trainable):
    alpha = keras.Variable(0.3, trainable=trainable)
    model = around(ca.soft_exponential_lambda(alpha, domain="strict"))
    for value in (0.3, 1.0, -0.5):
        alpha.assign(value)
        want = float(ca.soft_exponential(ONE, value)[0, 0])
        np.testing.assert_allclose(model.predict(ONE, verbose=0), [[want]], rtol=1e-6)
        np.testing.assert_allclose(model.evaluate(ONE, 0 * ONE, verbose=0), abs(want), rtol=1e-6)
        history = model.fit(ONE, 0 * ONE, verbose=0)
        np.testing.assert_allclose(history.history["loss"], [abs(want)], rtol=1e-6)
    assert float(alpha) == -0.5
    assert model.layers[-1].variables == []
    assert len(model.weights) == 1


def test_a_callback_anneals_alpha_from_batch_to_batch():
    alpha = keras.Variable(0.0)
    begin = keras.callbacks.LambdaCallback(on_train_batch_begin=lambda batch, logs: alpha.assign(0.1 * batch))
    model = around(ca.soft_exponential_lambda(alpha))
    history = model.fit(np.zeros((8, 1)), np.zeros((8, 1)), batch_size=2, verbose=0, callbacks=[begin])
    np.testing.assert_allclose(
        history.history["loss"], [np.mean([0.0, 0.1, 0.2, 0.3])], rtol=1e-6
    )  # f(alpha, 0) = alpha


def test_a_weight_of_the_model_as_alpha_is_trained_by_its_owner():
    class Owner(keras.Model):
        def __init__(self):
            super().__init__()
            self.alpha = self.add_weight(shape=(), initializer="zeros", name="alpha")
            self.act = ca.soft_exponential_lambda(self.alpha)

        def call(self, x):
            return self.act(x)

    model = Owner()
    model.compile(keras.optimizers.SGD(0.1), lambda y, p: p)
    model.fit(np.zeros((4, 1)), np.zeros((4, 1)), batch_size=4, verbose=0)
    np.testing.assert_allclose(float(model.alpha), -0.1, rtol=1e-6)  # df/dalpha = 1 at x = 0
    assert len(model.weights) == 1


def test_a_pair_of_variables_and_an_argument_of_an_own_function_are_followed_too():
    re, im = keras.Variable(0.1), keras.Variable(2.0)
    model = around(ca.complex_soft_exponential_lambda((re, im)))
    model.predict(ONE, verbose=0)
    re.assign(0.0), im.assign(1.0)
    np.testing.assert_allclose(model.predict(ONE, verbose=0), [[np.sin(1), 2 - np.cos(1)]], rtol=1e-6)
    scale = keras.Variable(0.5)
    model = around(ca.activation_lambda(scaled, arguments={"scale": scale}))
    model.predict(ONE, verbose=0)
    scale.assign(0.25)
    np.testing.assert_allclose(model.predict(ONE, verbose=0), [[0.25]])


def test_layer_shows_its_alpha():
    variable = keras.Variable(0.3, name="annealed")
    shown = {
        ca.soft_exponential_lambda(0.3): (0.3, "0.3"),
        ca.soft_exponential_lambda(np.array([0.25, -0.5])): ([0.25, -0.5], "[ 0.25, -0.5 ]"),
        ca.complex_soft_exponential_lambda(0.1 + 2j): (0.1 + 2j, "0.1+2.j"),
        ca.soft_exponential_lambda(variable): (variable, "annealed"),
        ca.soft_exponential_lambda(): (None, "input"),
    }
    for layer, (alpha, text) in shown.items():
        assert layer.alpha is alpha if isinstance(alpha, keras.Variable) else np.array_equal(layer.alpha, alpha)
        assert f"alpha={text}" in repr(layer)
    pytest.importorskip("pydot")
    model = keras.Sequential([keras.Input((1,)), ca.soft_exponential_lambda(0.3)])
    assert "alpha_0.3" in keras.utils.model_to_dot(model).to_string()
    assert "alpha=0.3" in keras.utils.model_to_dot(model, show_layer_activations=True).to_string()
