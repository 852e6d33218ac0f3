"""The name of a study as part of a file's name."""

from __future__ import annotations

import hashlib
import re

_RESERVED = re.compile(r"(?i)con|prn|aux|nul|(com|lpt)\d")  # devices of Windows, in every directory


def as_file_name(study_name: str) -> str:
    """Return a name that is no path and no device; a name that had to change ends in a digest of the first.

    Example:
        >>> as_file_name("digits-real"), as_file_name("../../x")
        ('digits-real', 'x-9cdf6a50')
    """
    name = re.sub(r"[^\w-]+", "-", study_name)[:80].strip("-")
    if name and name == study_name and not _RESERVED.fullmatch(name):
        return name
    return f"{name}-{hashlib.sha256(study_name.encode()).hexdigest()[:8]}".strip("-")
