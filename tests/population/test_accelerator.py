"""What changes on an accelerator, played on a CPU: chunks, memory, and random numbers that XLA draws."""

from functools import partial

import keras
import numpy as np
import pytest
from keras import layers, ops

import continuum_act as ca
from continuum_act.population import backend, trainer
from continuum_act.population.budget import Budget
from continuum_act.population.chunks import chunks_of
from continuum_act.population.memory import available, bytes_of_member
from continuum_act.population.trainer import PopulationTrainer
from continuum_act.population.vectorized import VectorizedModel
from continuum_act.sweep.training import train_one
from tests.population.equivalence import MODELS, TOLERANCE

pytestmark = pytest.mark.skipif(keras.backend.backend() == "torch", reason="populations need TensorFlow or JAX")

RNG = np.random.default_rng(1)
X = RNG.normal(size=(44, 4)).astype("float32")
Y = RNG.integers(0, 3, 44)
BATCH = 32
MEMBERS = [(alpha, seed) for seed in (0, 1) for alpha in (-1.0, -0.5, 0.0, 0.5, 1.0)]


def build(alpha):
    model = keras.Sequential([
        keras.Input((4,)), layers.Dense(6), ca.soft_exponential_lambda(alpha), layers.Dropout(0.3), layers.Dense(3)
    ])  # fmt: skip
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(0.1), loss, jit_compile=True)
    return model


def compiled(make):
    """Return a build that compiles what another makes."""

    def build(alpha):
        model = make(alpha)
        model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
        return model

    return build


def stateless(make, shape):
    """Return the stateless model of positive alphas, and a batch."""
    model = VectorizedModel(compiled(make), 0.3, 0, 1)
    model.list_variables((None, *shape))
    data = (np.zeros((BATCH, *shape), "float32"), Y[:BATCH], None)
    model.build_metrics(data)
    return model.stateless, data


@pytest.fixture
def accelerator(monkeypatch):
    """Pretend that Keras computes on a device of 1,000 bytes, of which 600 are free."""
    monkeypatch.setattr(backend, "accelerator", lambda: "GPU:0")
    monkeypatch.setattr(backend, "free_bytes", lambda device: 600)


@pytest.mark.usefixtures("accelerator")
def test_an_accelerator_computes_one_chunk_for_each_formula_and_for_seeds_that_are_together():
    assert [len(chunk.rows) for chunk in chunks_of(MEMBERS)] == [5, 5]
    assert sorted(len(chunk.rows) for chunk in chunks_of(MEMBERS, by_sign=True)) == [2, 2, 3, 3]
    seeds = tuple(dict.fromkeys(seed for _, seed in MEMBERS))
    assert sorted(len(chunk.rows) for chunk in chunks_of(MEMBERS, by_sign=True, together=seeds)) == [4, 6]


@pytest.mark.usefixtures("accelerator")
def test_memory_is_asked_of_the_accelerator(monkeypatch):
    assert available() == 300
    monkeypatch.setattr(backend, "free_bytes", lambda device: None)
    assert available() > 2**20  # the machine's, where the device does not tell


def test_a_cpu_is_no_accelerator():
    assert backend.accelerator() is None


class Device:
    def __init__(self, stats):
        self.memory_stats = lambda: stats


@pytest.mark.skipif(keras.backend.backend() != "jax", reason="devices of JAX")
@pytest.mark.parametrize(
    ("stats", "free"), [({"bytes_limit": 1000, "bytes_in_use": 400}, 600), ({"bytes_in_use": 400}, None), (None, None)]
)
def test_free_memory_of_a_device_of_jax(stats, free):
    assert backend.free_bytes(Device(stats)) == free


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="devices of TensorFlow")
def test_free_memory_of_a_device_of_tensorflow(monkeypatch):
    import tensorflow as tf

    def counts_nothing(device):
        raise ValueError(f"{device} counts nothing")

    assert backend.free_bytes("GPU:7") is None
    monkeypatch.setattr(tf.config.experimental, "get_memory_info", counts_nothing)
    assert backend.free_bytes("CPU:0") is None
    monkeypatch.setattr(tf.config.experimental, "get_memory_info", lambda device: {"current": 1000})
    assert backend.free_bytes("CPU:0") == 2**28 - 1000  # a constant of TensorFlow


def test_members_draw_the_random_numbers_of_a_fit_that_uses_xla():
    """As every fit of TensorFlow on an accelerator does."""
    budget = Budget(X, Y, None, epochs=1, batch_size=16, objective="loss")
    members = [(0.3, 0), (0.6, 0)]
    population = PopulationTrainer(build, budget, None).train(members, lambda epoch, logs: ())
    for result, (alpha, seed) in zip(population, members, strict=True):
        alone = train_one(build, alpha, seed, budget)[1]
        for one, other in zip(result.weights, alone.weights, strict=True):
            np.testing.assert_allclose(one, other, rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize(("memory", "sizes"), [(2.5, [2, 2, 1]), (0.5, [1] * 5), (1e6, [5])])
def test_no_population_that_does_not_fit_is_started(monkeypatch, memory, sizes):
    """Memory is that of so many members."""
    started = []
    model = stateless(*MODELS["Dense"])
    monkeypatch.setattr(trainer, "available", lambda: int(memory * bytes_of_member(*model)))
    monkeypatch.setattr(PopulationTrainer, "_train", lambda self, members, watch: started.append(len(members)) or [])
    budget = Budget(X[:BATCH], Y[:BATCH], None, epochs=1, batch_size=BATCH, objective="loss")
    members = [(a / 8, 0) for a in range(5)]
    list(PopulationTrainer(compiled(MODELS["Dense"][0]), budget, None).train(members, lambda epoch, logs: ()))
    assert started == sizes


@pytest.mark.skipif(keras.backend.backend() != "jax", reason="JAX tells what a compiled program needs")
@pytest.mark.parametrize("kind", ["Dense", "Conv2D"])
def test_a_step_needs_no_more_memory_than_was_counted(kind):
    import jax

    from continuum_act.population.program import _map_members

    members = 16
    model, data = stateless(*MODELS[kind])
    state = model.variables
    own = [[ops.repeat(v.value[None], members, axis=0) for v in field] for field in state.own]
    stacked = type(state)(*own, *[[v.value for v in field] for field in state.shared])
    step = jax.jit(lambda state, batch: model.train_step(state, batch, partial(_map_members, []), members))
    needed = step.lower(stacked, data).compile().memory_analysis()
    used = needed.temp_size_in_bytes + needed.argument_size_in_bytes + needed.output_size_in_bytes
    assert used <= members * bytes_of_member(model, data)


def test_what_a_backend_says_when_memory_does_not_suffice_is_known():
    with pytest.raises(Exception, match=r"[Mm]emory|OOM|alloc") as seen:
        ops.convert_to_numpy(ops.zeros((2**44,)))
    assert backend.is_out_of_memory(seen.value)
    assert backend.is_out_of_memory(MemoryError())
    assert not backend.is_out_of_memory(RuntimeError("a bug"))
