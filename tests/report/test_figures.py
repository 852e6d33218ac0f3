"""Pictures: what is in them, read back from the figure; a person has looked at each kind."""

import math

import numpy as np
import pytest
from matplotlib.colors import to_rgba

from continuum_act.report import figures
from tests.sweep.made import made

GRID = [-1.0, -0.5, 0.0, 0.5, 1.0]
PAIRS = [(a, b) for a in (-1.0, 0.0, 1.0) for b in (0.0, 0.5)]


def valley(alpha):
    return math.inf if alpha == 1 else 0.2 + (alpha - 0.5) ** 2


@pytest.fixture
def drawn(monkeypatch, tmp_path):
    """Draw a result, return the figure that is written."""
    kept = []
    write = figures._write
    monkeypatch.setattr(figures, "_write", lambda figure, path: kept.append(figure) or write(figure, path))

    def draw(plot, result):
        path = plot(result._findings(), tmp_path / "picture.png")
        assert path.read_bytes().startswith(b"\x89PNG")
        return kept[-1]

    return draw


def legend(axes):
    return [text.get_text() for text in axes.get_legend().get_texts()]


def test_sweep_shows_mean_bands_baseline_best_and_diverged(drawn):
    result = made(GRID, valley, {"relu": 0.3})
    axes = drawn(figures.plot_sweep, result).axes[0]
    assert legend(axes) == [
        "95 % interval", "soft exponential", "lowest mean among alphas: 0.5", "relu", "diverged"
    ]  # fmt: skip
    np.testing.assert_allclose(axes.lines[0].get_ydata(), [entry["mean"] for entry in result.summary[:-1]])
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("alpha", "validation loss")
    relu = result.baseline_summary[0]
    band = axes.patches[0]
    assert (band.get_y(), band.get_y() + band.get_height()) == pytest.approx((relu["low"], relu["high"]))


def test_title_is_in_words_of_the_data_and_the_verdict_is_below(drawn):
    result = made(GRID, valley, {"relu": 0.3})
    figure = drawn(figures.plot_sweep, result)
    assert figure.get_suptitle() == "Which alpha? Validation loss, mean over 5 seeds"
    assert " ".join(figure.get_supxlabel().split()) == result.verdict


def test_differences_to_the_best_alpha_stand_beside(drawn):
    result = made(GRID, valley, {"relu": 0.1, "elu": 0.2})
    axes = drawn(figures.plot_sweep, result).axes[1]
    assert [text.get_text() for text in axes.get_yticklabels()] == ["relu", "elu", "alpha = 0"]
    bars = [tuple(line.get_xdata()) for line in axes.lines if len(line.get_xdata()) == 2][:3]
    assert bars == [(c["low"], c["high"]) for c in result.comparison]
    says = [text.get_text() for text in axes.texts]
    assert says == ["relu is better", "cannot tell", "the best alpha is better"]


def test_more_baselines_than_colours_are_all_drawn(drawn):
    names = [f"b{i}" for i in range(9)]
    for plot in (figures.plot_sweep, figures.plot_learning_curves):
        assert set(names) <= set(legend(drawn(plot, made(GRID, valley, dict.fromkeys(names, 0.3))).axes[0]))


def test_few_seeds_are_drawn_and_a_cut_band_is_said(drawn):
    axes = drawn(figures.plot_sweep, made(GRID, lambda a: 0.012 + 0.04 * a * a, seeds=2, noise=0.005)).axes[0]
    assert {"each seed", "(bands go on beyond)"} <= set(legend(axes))
    assert axes.get_ylim()[0] >= 0.0  # no member's loss is below
    one = drawn(figures.plot_sweep, made(GRID, valley, {"relu": 0.3}, seeds=1))
    assert one.get_suptitle().endswith("one seed")
    assert "95 % interval" not in legend(one.axes[0])
    assert len(one.axes) == 1  # no differences


def test_two_alphas_make_a_heat_map_with_the_baselines_and_the_best(drawn):
    result = made(PAIRS, lambda alpha: 2 + alpha[0] + 10 * alpha[1], {"relu": 3.0}, noise=1e-6)
    axes = drawn(figures.plot_sweep, result).axes[0]
    np.testing.assert_allclose(axes.images[0].get_array(), [[1, 2, 3], [6, 7, 8]], atol=1e-4)
    np.testing.assert_allclose(axes.images[1].get_array(), [[3]], atol=1e-4)
    assert axes.images[0].norm.vmax == axes.images[1].norm.vmax
    assert [text.get_text() for text in axes.get_xticklabels()] == ["-1", "0", "1", "relu"]
    assert axes.patches[0].get_xy() == (-0.5, -0.5)
    assert legend(axes) == ["lowest mean among alphas: (-1, 0)"]


def test_complex_alphas_on_the_imaginary_axis_make_a_curve(drawn):
    axes = drawn(figures.plot_sweep, made([0j, 1j, 2j], lambda alpha: abs(alpha) + 1)).axes[0]
    assert axes.get_xlabel() == "imaginary part of alpha"
    assert axes.lines[0].get_xdata() == pytest.approx([0, 1, 2])


def test_learning_curves_are_means_over_seeds_and_mark_the_best(drawn):
    result = made(GRID, valley, {"relu": 0.3})
    axes = drawn(figures.plot_learning_curves, result).axes[0]
    for line, entry in zip(axes.lines, result.summary[:-1], strict=False):
        np.testing.assert_allclose(line.get_ydata(), entry["mean"] + np.array([2.0, 1.0, 0.0]))
    assert legend(axes) == ["relu", "lowest mean among alphas: 0.5"]
    np.testing.assert_allclose(axes.lines[-1].get_ydata(), axes.lines[3].get_ydata())


def test_colours_diverge_around_alpha_0(drawn):
    axes = drawn(figures.plot_learning_curves, made([-0.5, 0.0, 1.0], lambda a: 0.2 + a * a)).axes[0]
    negative, zero, positive = (to_rgba(line.get_color()) for line in axes.lines[:3])
    assert negative[2] > 2 * negative[0]  # blue
    assert positive[0] > 2 * positive[2]  # red
    assert max(zero[:3]) < 0.1  # black


def test_nothing_complete_is_a_picture_too(drawn):
    figure = drawn(figures.plot_sweep, made(GRID, lambda a: math.inf))
    assert figure.get_supxlabel().startswith("No alpha completed")
    drawn(figures.plot_learning_curves, made(GRID, lambda a: math.inf))


@pytest.mark.parametrize("kind", ["real", "complex"])
def test_activations_have_a_line_per_alpha_and_part(tmp_path, monkeypatch, kind):
    kept = []
    monkeypatch.setattr(figures, "_write", lambda figure, path: kept.append(figure))
    figures.plot_activations([-1.0, 0.0, 1.0], kind, tmp_path / "a.png")
    panels = kept[0].axes[: 2 if kind == "complex" else 1]
    assert all(len([x for x in axes.lines if len(x.get_xdata()) > 2]) == 3 for axes in panels)
