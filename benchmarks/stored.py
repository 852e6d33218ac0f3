"""Results that a benchmark keeps, so that it goes on where it stopped."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any


def stored(path: Path, budget: dict[str, Any]) -> Any:
    """Return the result that was kept for this budget, or None."""
    kept = json.loads(path.read_text()) if path.exists() else {}
    return kept["result"] if kept.get("budget") == json.loads(json.dumps(budget)) else None


def stored_or_made(path: Path, budget: dict[str, Any], make: Callable[[], Any]) -> Any:
    """Return the result that was kept for this budget; else make it and keep it, a whole file or none."""
    result = stored(path, budget)
    if result is None:
        result = make()
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        part.write_text(json.dumps({"budget": budget, "result": result}))
        part.replace(path)
    return result
