"""URLs of databases: their drivers, and never their passwords."""

from __future__ import annotations

import importlib.util
import re
from typing import Any

import sqlalchemy
import sqlalchemy.exc

_DRIVERS = {  # by dialect: what its extra installs, its module, and the name of the dialect with it
    "postgresql": ("psycopg2-binary", "psycopg2", "postgresql+psycopg2", "postgresql"),
    "mysql": ("pymysql", "pymysql", "mysql+pymysql", "mysql"),
    "mariadb": ("pymysql", "pymysql", "mysql+pymysql", "mysql"),
}
_LIBPQ = {"connect_timeout": 10, "keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3}
_CONNECT = {  # so that a server that has vanished is an error, not a silence without an end
    "postgresql+psycopg2": _LIBPQ,
    "postgresql+psycopg": _LIBPQ,
    "mysql+pymysql": {"connect_timeout": 10, "read_timeout": 120, "write_timeout": 120},
}


def with_driver(url: str) -> str:
    """Name the driver in a URL that names none, if ours is installed; a mistake in a URL stays as it is."""
    dialect, separator, rest = url.partition("://")
    if dialect == "postgres":
        dialect = "postgresql"
    if dialect in _DRIVERS and importlib.util.find_spec(_DRIVERS[dialect][1]):
        dialect = _DRIVERS[dialect][2]
    return dialect + separator + rest


def engine_arguments(url: str) -> dict[str, Any]:
    """Return what SQLAlchemy's engine is made with, for a URL of a database server."""
    named = url.partition("://")[0]
    return {"pool_pre_ping": True, "connect_args": dict(_CONNECT.get(named, {}))}


def driver_hint(url: str) -> str:
    """Say which package the driver of a URL is in, and how such a URL is written."""
    dialect = re.split(r"[+:]", url)[0]
    if dialect not in _DRIVERS:
        forms = ", ".join(f"{name}://..." for _, _, name, _ in list(_DRIVERS.values())[:2])
        return f"write FILE.db, sqlite:///FILE.db, {forms}"
    package, _, name, extra = _DRIVERS[dialect]
    return (
        f"its driver is in {package}: pip install 'continuum-act[{extra}]', and write the URL"
        f" {name}://USER:PASSWORD@HOST/DATABASE"
    )


def shown(storage: Any) -> str:
    """Return a storage as it may be printed: a URL without its passwords.

    Example:
        >>> shown("postgresql://me:secret@host/db?password=again")
        'postgresql://me:***@host/db?password=***'
    """
    text = str(storage)
    if "://" not in text:
        return text
    text = re.sub(r"(://[^:/?#]*):.*@", r"\1:***@", text)
    return re.sub(r"(?i)([?&][^=&]*(?:pass|secret|token)[^=&]*)=[^&]*", r"\1=***", text)


def without_secrets(text: str, storage: Any) -> str:
    """Return a message about a storage without any part of a password of its URL."""
    url = str(storage)
    secrets = re.findall(r"://[^:/?#]*:(.*)@", url) + re.findall(
        r"(?i)[?&][^=&]*(?:pass|secret|token)[^=&]*=([^&]*)", url
    )
    for secret in secrets:
        if "@" in secret:  # the URL was read otherwise than it was meant: a part of it is taken for the host
            return "its password has an @, which is written %40 in a URL"
        decoded = sqlalchemy.make_url(f"x://u:{secret}@h").password if secret else None
        for part in filter(None, (secret, decoded)):
            text = text.replace(str(part), "***")
    return text
