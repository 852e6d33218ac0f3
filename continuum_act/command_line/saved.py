"""What is kept for new rows: the fitted pipeline (skops, no pickle), the target, the best model."""

from __future__ import annotations

import dataclasses
import json
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from continuum_act.command_line.targets import Target

if TYPE_CHECKING:
    import keras

    from continuum_act.command_line.tables import Dataset

FILES = ("pipeline.skops", "target.json", "best_model.keras")
_TRUSTED = ("sklearn.", "skrub.", "continuum_act.command_line.")


def save(directory: str | Path, data: Dataset, model: keras.Model) -> None:
    """Write `FILES`."""
    import skops.io

    pipeline, target, best = (Path(directory) / name for name in FILES)
    skops.io.dump(data.pipeline, pipeline, compression=zipfile.ZIP_DEFLATED)
    target.write_text(json.dumps(dataclasses.asdict(data.target), indent=1, ensure_ascii=False) + "\n", "utf-8")
    model.save(best)


def load_pipeline(path: str | Path) -> Any:
    """Load a pipeline that `save` wrote: `transform` turns a table with the same columns into inputs.

    Raises:
        ValueError: if the file holds types that are not of scikit-learn, skrub or this package.
    """
    import skops.io

    unknown = skops.io.get_untrusted_types(file=path)
    foreign = [name for name in unknown if not name.startswith(_TRUSTED) and name != "numpy.dtype"]
    if foreign:
        raise ValueError(f"{path} holds {foreign}, which no pipeline of this package does; it is not loaded.")
    return skops.io.load(path, trusted=unknown)


def load_target(path: str | Path) -> Target:
    """Load the target that `save` wrote: `decode` turns outputs of the model into classes or amounts."""
    stored = json.loads(Path(path).read_text("utf-8"))
    return Target(**stored | {"classes": None if stored["classes"] is None else tuple(stored["classes"])})
