"""Pictures: what is in them, read back from the figure; a person has looked at each kind."""

import math

import numpy as np
import pytest

from continuum_act.report import figures
from continuum_act.sweep.result import SweepResult


def result_of(objective, alphas, direction="minimize", seeds=3):
    rows = []
    for alpha in alphas:
        for seed in range(seeds):
            value = objective(alpha, seed)
            state = "complete" if math.isfinite(value) else "diverged"
            rows.append({"alpha": alpha, "seed": seed, "state": state, "objective": value})
    baselines = [{**row, "baseline": "relu", "objective": 0.4, "state": "complete"} for row in rows[:seeds]]
    histories = {(r["alpha"], r["seed"]): {"val_loss": [2.0, r["objective"]]} for r in rows}
    histories |= {("relu", r["seed"]): {"val_loss": [1.0, 0.4]} for r in baselines}
    made_with = {"arguments": {"seeds": list(range(seeds))}}
    return SweepResult(rows, baselines, histories, "parabola", "val_loss", direction, made_with)


@pytest.fixture
def drawn(monkeypatch):
    """Keep the figures that are written."""
    kept = []
    write = figures._write
    monkeypatch.setattr(figures, "_write", lambda figure, path: kept.append(figure) or write(figure, path))
    return kept


def test_sweep_shows_mean_band_baseline_best_and_diverged(tmp_path, drawn):
    def parabola(alpha, seed):
        return math.inf if alpha == 1 else (alpha - 0.5) ** 2 + 0.1 * seed + 0.1

    result = result_of(parabola, [-1.0, -0.5, 0.0, 0.5, 1.0])
    path = figures.plot_sweep(result, tmp_path / "sweep.png")
    assert path.read_bytes().startswith(b"\x89PNG")
    axes = drawn[0].axes[0]
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    assert labels == ["95 % interval", "soft exponential", "best: alpha = 0.5", "baseline relu", "diverged"]
    curve = axes.lines[0]
    np.testing.assert_allclose(curve.get_ydata(), [2.25 + 0.2, 1.0 + 0.2, 0.25 + 0.2, 0.2])
    assert axes.get_xlabel() == "alpha"
    assert axes.get_ylabel() == "validation loss"


def test_two_alphas_make_a_heat_map(tmp_path, drawn):
    alphas = [(a, b) for a in (-1.0, 0.0, 1.0) for b in (0.0, 0.5)]
    figures.plot_sweep(result_of(lambda alpha, seed: alpha[0] + 10 * alpha[1], alphas), tmp_path / "s.svg")
    image = drawn[0].axes[0].images[0]
    np.testing.assert_allclose(image.get_array(), [[-1, 0, 1], [4, 5, 6]])


def test_complex_alphas_on_the_imaginary_axis_make_a_curve(tmp_path, drawn):
    figures.plot_sweep(result_of(lambda alpha, seed: abs(alpha) + 1, [0j, 1j, 2j]), tmp_path / "s.png")
    axes = drawn[0].axes[0]
    assert axes.get_xlabel() == "imaginary part of alpha"
    assert axes.lines[0].get_xdata() == pytest.approx([0, 1, 2])


def test_learning_curves_are_means_over_seeds(tmp_path, drawn):
    result = result_of(lambda alpha, seed: alpha + seed, [0.0, 1.0])
    figures.plot_learning_curves(result, tmp_path / "l.png")
    lines = drawn[0].axes[0].lines
    np.testing.assert_allclose([line.get_ydata() for line in lines[:2]], [[2.0, 1.0], [2.0, 2.0]])


@pytest.mark.parametrize("kind", ["real", "complex"])
def test_activations_have_a_line_per_alpha_and_part(tmp_path, drawn, kind):
    figures.plot_activations([-1.0, 0.0, 1.0], kind, tmp_path / "a.png")
    panels = drawn[0].axes[: 2 if kind == "complex" else 1]
    assert all(len([x for x in axes.lines if len(x.get_xdata()) > 2]) == 3 for axes in panels)
