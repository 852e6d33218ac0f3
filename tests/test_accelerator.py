"""The benchmarks of accelerators and of large work run on a CPU, at small sizes."""

import keras
import numpy as np
import pytest

import continuum_act as ca
from benchmarks import accelerator, large


@pytest.mark.skipif(keras.backend.backend() == "torch", reason="measured on TensorFlow and JAX")
@pytest.mark.slow
def test_accelerator_s_table_is_measured_on_a_cpu_too(capsys):
    own = keras.backend.backend()
    options = ["--device", "cpu", "--members", "2", "--epochs", "1", "--elements", "4096", "--backends", own]
    accelerator.main(options)
    _, _, *lines = capsys.readouterr().out.splitlines()
    table = dict(line.strip("| ").split(" | ") for line in lines)
    missing = [row for row, cell in table.items() if accelerator.NOT_MEASURED in cell]
    by_hand = [] if own == "jax" else [row for row in table if "by hand" in row]
    assert missing == by_hand
    assert table["device"].startswith("CPU")
    for name in ("64-64, one fit: first, next (s)", "complex, alpha traced, backward: over elu, of the bandwidth"):
        first, second = map(float, table[name].split(", "))
        assert first > 0
        assert second >= 0


def test_without_an_accelerator_the_table_says_not_measured(capsys, monkeypatch):
    monkeypatch.setattr(accelerator, "column", lambda *arguments: {})
    accelerator.main(["--members", "64"])
    header, _, *lines = capsys.readouterr().out.splitlines()
    assert header == "| what | jax | tensorflow |"
    assert len(lines) == 22
    assert all(line.endswith("| not measured | not measured |") for line in lines)


@pytest.mark.parametrize("alpha", [-1.0, -0.3, 0.0, 0.3, 1.0])
def test_program_by_hand_computes_the_same_activation(alpha):
    pytest.importorskip("jax")
    from benchmarks import by_hand

    x = np.linspace(-9, 9, 101, dtype="float32")
    expected = keras.ops.convert_to_numpy(ca.soft_exponential(x, alpha, domain="linear"))
    # the plain formula cancels for small alphas
    np.testing.assert_allclose(by_hand.activation(x, alpha), expected, rtol=1e-5, atol=1e-5)


@pytest.mark.skipif(keras.backend.backend() == "torch", reason="measured on TensorFlow and JAX")
@pytest.mark.slow
def test_parts_of_a_large_epoch_and_the_rest_are_the_whole():
    found = large.point(keras.backend.backend(), 2, 1024)
    parts = [found[name] for name in large.PARTS if name not in ("arithmetic", "rest")]
    assert min(parts) > 0
    assert found["rest"] + sum(parts) == pytest.approx(found["epoch"])
    assert found["peak"] > 2**27
    assert len(large.cells(found)) == len(large.cells({})) == len(large.PARTS) + 3
