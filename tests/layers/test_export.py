"""SavedModel, LiteRT and ONNX give the model's predictions; Keras's own `elu` and `celu` stand beside them.

Seen with Keras 3.15, TensorFlow 2.21, ai-edge-litert 2.3, tf2onnx 1.17, onnxruntime 1.32. The ONNX converter knows
neither expm1 nor log1p, and so not `celu`; LiteRT computes them as exp(x) - 1 and log(1 + x), which costs the digits
that they are there for. So the graphs of this package hold neither.
"""

import keras
import numpy as np
import pytest
from keras import layers

import continuum_act as ca
from tests.layers import cases

pytestmark = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="the formats are exported by TensorFlow"
)
X = np.random.default_rng(0).uniform(-2, 2, (4, 3)).astype("float32")
LAYERS = {
    "elu": lambda: layers.ELU(),
    "identity": lambda: ca.soft_exponential_lambda(0.0),
    "alpha = 1": lambda: ca.soft_exponential_lambda(1.0),
    "alpha = 0.3": lambda: ca.soft_exponential_lambda(0.3),
    "alpha = 0.0001": lambda: ca.soft_exponential_lambda(1e-4),
    "alpha = -0.0001": lambda: ca.soft_exponential_lambda(-1e-4),
    "alpha = -0.3": lambda: ca.soft_exponential_lambda(-0.3, domain="linear"),
    "alpha = -1": lambda: ca.soft_exponential_lambda(-1.0, domain="linear"),
    "alpha per channel": lambda: ca.soft_exponential_lambda(np.array([-0.5, 1e-3, 0.9]), domain="linear"),
    "stack": lambda: ca.complex_soft_exponential_lambda(2j),
    "concat": lambda: ca.complex_soft_exponential_lambda(-0.1 + 0.2j, join="concat"),
    "small complex": lambda: ca.complex_soft_exponential_lambda(1e-4 + 1e-4j, join="concat"),
    "own function": lambda: ca.activation_lambda(cases.mirrored, output_shape=cases.mirrored_shape),
    "trained": lambda: ca.SoftExponential(keras.initializers.Constant(0.2)),
    "trained complex": lambda: ca.ComplexSoftExponential(keras.initializers.Constant([0.1, 0.2])),
}


def saved_model(model, x, folder):
    import tensorflow as tf

    model.export(folder, verbose=False)
    loaded = tf.saved_model.load(str(folder))
    return loaded.serve(x).numpy()


def litert(model, x, folder):
    from ai_edge_litert.interpreter import Interpreter

    if keras.version() < "3.13":
        pytest.skip("this Keras does not export to LiteRT")
    path = str(folder / "m.tflite")
    model.export(path, format="litert", verbose=False)
    interpreter = Interpreter(path)
    for number, part in enumerate(x if isinstance(x, list) else [x]):
        detail = interpreter.get_input_details()[number]
        interpreter.resize_tensor_input(detail["index"], part.shape)
    interpreter.allocate_tensors()
    for number, part in enumerate(x if isinstance(x, list) else [x]):
        interpreter.set_tensor(interpreter.get_input_details()[number]["index"], part)
    interpreter.invoke()
    return interpreter.get_tensor(interpreter.get_output_details()[0]["index"])


def onnx(model, x, folder):
    import onnxruntime

    path = str(folder / "m.onnx")
    model.export(path, format="onnx", verbose=False)
    session = onnxruntime.InferenceSession(path)
    parts = x if isinstance(x, list) else [x]
    feeds = {i.name: part for i, part in zip(session.get_inputs(), parts, strict=True)}
    return session.run(None, feeds)[0]


FORMATS = [saved_model, litert, onnx]


@pytest.mark.parametrize("kind", LAYERS)
@pytest.mark.parametrize("exported", FORMATS)
def test_the_exported_model_predicts_the_same(kind, exported, tmp_path):
    model = keras.Sequential([keras.Input((3,)), layers.Dense(3), LAYERS[kind](), layers.Dense(2)])
    expected = model.predict(X, verbose=0)
    np.testing.assert_allclose(exported(model, X, tmp_path), expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("exported", FORMATS)
def test_a_model_fed_with_alpha_is_exported_too(exported, tmp_path):
    x, alpha = keras.Input((3,), name="a_x"), keras.Input((1,), name="b_alpha")
    model = keras.Model([x, alpha], ca.soft_exponential_lambda(domain="linear")([x, alpha]))
    given = [X, np.array([[-1], [-0.1], [0.0], [0.5]], "float32")]
    expected = model.predict(given, verbose=0)
    np.testing.assert_allclose(exported(model, given, tmp_path), expected, rtol=1e-5, atol=1e-5)


def test_onnx_does_not_take_expm1_from_keras_either(tmp_path):
    model = keras.Sequential([keras.Input((3,)), layers.Activation("celu")])
    model.predict(X, verbose=0)
    with pytest.raises(Exception, match="Expm1"):
        onnx(model, X, tmp_path)


def int8(model, x, folder):
    """Return what the model computes in 8-bit integers, calibrated on x."""
    import tensorflow as tf
    from ai_edge_litert.interpreter import Interpreter

    model.export(folder, verbose=False)
    converter = tf.lite.TFLiteConverter.from_saved_model(str(folder))
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([row[None]] for row in x)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    interpreter = Interpreter(model_content=converter.convert())
    interpreter.allocate_tensors()
    rows = []
    for row in x:
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], row[None])
        interpreter.invoke()
        rows.append(interpreter.get_tensor(interpreter.get_output_details()[0]["index"])[0])
    return np.array(rows)


@pytest.mark.slow
@pytest.mark.parametrize(
    "alpha",
    [
        0.95,
        -0.95,
        0.3,
        -0.3,
        [0.9, 0.95, 1.0],
        [-0.9, -0.95, -1.0],
        [0.0, 0.3, 0.9],
        [-0.5, 0.0, 0.9],
        [-0.6, -0.02, 0.2],
        0.1 + 1j,
        -0.5 + 0.5j,
        [-0.5 + 0.5j, 1j, -0.9 + 0.2j],
    ],
)
def test_alphas_that_are_fixed_before_the_export_survive_8_bit_integers(alpha, tmp_path):
    keras.utils.set_random_seed(0)
    x = np.random.default_rng(0).normal(size=(100, 6)).astype("float32")
    of_kind = ca.ComplexSoftExponential if np.iscomplexobj(alpha) else ca.SoftExponential
    trained = of_kind(keras.initializers.Constant(alpha))
    model = keras.Sequential([keras.Input((6,)), layers.Dense(3), trained, layers.Dense(2)])
    fixed = ca.with_fixed_alphas(model)
    want = model.predict(x, verbose=0)
    np.testing.assert_allclose(fixed.predict(x, verbose=0), want, rtol=1e-5, atol=1e-5)
    error = np.sqrt(np.mean((int8(fixed, x, tmp_path) - want) ** 2)) / want.std()
    assert error < 0.05  # elu: 0.02; about 4 tensors, each of 256 steps over some 6 deviations


def test_alphas_are_fixed_in_nested_functional_and_complex_models_too():
    inner = keras.Sequential([keras.Input((3,)), layers.Dense(2), ca.ComplexSoftExponential(0.1 + 1j, name="both")])
    x = keras.Input((3,))
    model = keras.Model(x, layers.Add()([inner(x), ca.SoftExponential("ones", shared_axes=1)(layers.Dense(4)(x))]))
    fixed = ca.with_fixed_alphas(model)
    assert sum(w.path.endswith("alpha") for w in fixed.weights) == 0
    np.testing.assert_allclose(fixed.predict(X, verbose=0), model.predict(X, verbose=0), rtol=1e-5, atol=1e-5)
    with pytest.raises(ValueError, match="not built"):
        ca.with_fixed_alphas(keras.Sequential([ca.SoftExponential()]))
