"""Load every model of a folder, in safe mode, in a process that has imported keras and continuum_act alone.

Models with a function of the tests' own are tried twice: before their module is imported, and after.
"""

import json
import pathlib
import sys

import keras
import numpy as np

import continuum_act  # noqa: F401  registers its layers


def outputs(path):
    """Return what the loaded model computes."""
    model = keras.models.load_model(path, safe_mode=True)
    inputs = [np.load(file) for file in sorted(path.parent.glob(f"{path.stem}.input*.npy"))]
    x = inputs if len(inputs) > 1 else inputs[0]
    y = model(x)
    return {
        "prediction": keras.ops.convert_to_numpy(y).tolist(),
        "output_shape": list(model.output_shape),
        "loss": model.evaluate(x, np.ones(y.shape), verbose=0) if model.compiled else None,
    }


def main(folder):
    """Write what the models compute to results.json."""
    results = {"refused before the import": []}
    paths = sorted(folder.glob("*.keras"))
    for path in paths:
        try:
            results[path.stem] = outputs(path)
        except TypeError as error:  # the test says which
            if "register_keras_serializable" not in str(error):
                raise
            results["refused before the import"].append(path.stem)

    import tests.layers.cases  # noqa: F401  registers its functions

    for path in paths:
        if path.stem not in results:
            results[path.stem] = outputs(path)
    (folder / "results.json").write_text(json.dumps(results))


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
