"""Whether a study was made with the same model, data and schedule."""

from __future__ import annotations


def differences(stored: dict[str, str], present: dict[str, str]) -> list[str]:
    """Name the parts in which two fingerprints differ, with their values where these are readable."""
    readable = {"epochs", "batch_size", "objective", "epoch"}
    return [
        f"{part} ({stored[part]} then, {value} now)" if part in readable else part
        for part, value in present.items()
        if stored.get(part, value) != value
    ]
