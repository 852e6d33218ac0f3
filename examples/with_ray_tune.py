"""Ray Tune: each trial in a process of its own. It needs the package ray[tune]."""

from __future__ import annotations

from typing import Any

from ray import tune

from examples.wine import ALPHAS


def train(config: dict[str, Any]) -> dict[str, float]:
    """Train one trial; a worker that imports this has imported `continuum_act`."""
    import keras

    from examples.wine import X_TRAIN, X_VAL, Y_TRAIN, Y_VAL, build

    keras.utils.set_random_seed(0)
    model = build(config["alpha"])
    data = {"validation_data": (X_VAL, Y_VAL), "epochs": config["epochs"]}
    return {"val_loss": model.fit(X_TRAIN, Y_TRAIN, **data, verbose=0).history["val_loss"][-1]}


def main(epochs: int = 20) -> dict[str, float]:
    """Return the best parameters."""
    space = {"alpha": tune.grid_search(ALPHAS), "epochs": epochs}
    config = tune.TuneConfig(metric="val_loss", mode="min")
    best = tune.Tuner(train, param_space=space, tune_config=config).fit().get_best_result()
    return {"alpha": best.config["alpha"]}


if __name__ == "__main__":
    print(main())
