"""The rows of the table of `benchmarks/accelerator.py`."""

from __future__ import annotations

from collections.abc import Iterator

NETWORKS = "64-64", "CNN"
KERNELS = (
    "elu", "real, alpha = 0.5", "real, alpha = -0.5", "real, alpha traced",
    "complex, alpha = 0.5+0.5i", "complex, alpha = -0.5+0.5i", "complex, alpha traced",
)  # fmt: skip
PASSES = ("value", "backward")
COPY = "a copy: GB/s"
NOT_MEASURED = "not measured"


def fit_row(network: str) -> str:
    """Return the name of the row of an ordinary fit."""
    return f"{network}, one fit: first, next (s)"


def population_rows(network: str, members: int) -> tuple[str, str]:
    """Return the names of the rows of a population."""
    name = f"{network}, {members} members"
    return f"{name}: first, next (s)", f"{name}: over one fit, over `vmap` by hand"


def kernel_row(name: str, way: str) -> str:
    """Return the name of the row of a function."""
    return f"{name}, {way}: over elu, of the bandwidth"


def rows(members: list[int]) -> Iterator[str]:
    """Yield the names of all rows."""
    yield "device"
    for network in NETWORKS:
        yield fit_row(network)
        for count in members:
            yield from population_rows(network, count)
    yield COPY
    for name in KERNELS:
        yield from (kernel_row(name, way) for way in PASSES)
