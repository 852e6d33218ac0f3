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
_KNOWN_MODULES = (
    "sklearn.compose._column_transformer.",
    "skrub._",
    "skrub.selectors.",
    "continuum_act.command_line.columns.",
)
_KNOWN_TYPES = (
    "numpy.dtype",
    "datetime.timedelta",
    "datetime.timezone",
    "zoneinfo.ZoneInfo",
)  # of columns of dates, say


def save(directory: str | Path, data: Dataset, model: keras.Model) -> None:
    """Write `FILES`."""
    pipeline, target, best = (Path(directory) / name for name in FILES)
    save_pipeline(pipeline, data.pipeline)
    target.write_text(json.dumps(dataclasses.asdict(data.target), indent=1, ensure_ascii=False) + "\n", "utf-8")
    model.save(best)


def save_pipeline(path: str | Path, pipeline: Any) -> None:
    """Write the pipeline of a `Dataset`."""
    import skops.io

    skops.io.dump(pipeline, path, compression=zipfile.ZIP_DEFLATED)


def load_pipeline(path: str | Path) -> Any:
    """Load a pipeline that `save_pipeline` wrote: `transform` turns a table with the same columns into inputs.

    Raises:
        ValueError: if the file holds types that are not of scikit-learn, skrub or this package.
    """
    import skops.io

    unknown = skops.io.get_untrusted_types(file=path)
    foreign = [name for name in unknown if not _is_known(name)]
    if foreign:
        raise ValueError(f"{path} holds {foreign}, which no pipeline of this package does; it is not loaded.")
    return skops.io.load(path, trusted=unknown)


def _is_known(name: str) -> bool:
    is_pandas_type = name.startswith("pandas.") and name.endswith("Dtype")
    return is_pandas_type or name in _KNOWN_TYPES or name.startswith(_KNOWN_MODULES)


def load_target(path: str | Path) -> Target:
    """Load the target that `save` wrote: `decode` turns outputs of the model into classes or amounts."""
    stored = json.loads(Path(path).read_text("utf-8"))
    return Target(**stored | {"classes": None if stored["classes"] is None else tuple(stored["classes"])})
