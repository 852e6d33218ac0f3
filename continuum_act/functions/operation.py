"""A function of symbolic tensors as one node of a Functional model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import keras


class PureOperation(keras.Operation):
    """Holds the options of its function, and a fixed alpha; an alpha of None is the second input."""

    function: ClassVar[Callable[..., Any]]

    def __init__(self, alpha: Any, options: dict[str, Any], name: str | None) -> None:
        super().__init__(name=name)
        self.alpha, self.options = alpha, options
        self._error: Exception | None = None

    def call(self, x: Any, alpha: Any = None) -> Any:
        """Apply the function."""
        try:
            return self.function(x, self.alpha if alpha is None else alpha, **self.options)
        except (TypeError, ValueError) as error:
            self._error = error
            raise

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """Infer shapes and dtypes; an error of the function comes as it is, not inside one of Keras's."""
        try:
            return super().compute_output_spec(*args, **kwargs)
        except Exception:
            if self._error is None:
                raise
            raise self._error from None

    def get_config(self) -> dict[str, Any]:
        """Return the arguments of the constructor."""
        return {"alpha": self.alpha, **self.options, "name": self.name}
