"""TensorFlow is imported late and quietly: its lines of information stay away from a user, its errors do not."""

from __future__ import annotations

import contextlib
import logging
import os
import subprocess
import sys
from collections.abc import Iterator

# Read line by line in a process of its own, so that what TensorFlow says before a crash still comes through.
_FILTER = r"""
import re, signal, sys
signal.signal(signal.SIGINT, signal.SIG_IGN)
noise = re.compile(
    rb"WARNING: All log messages before absl|To enable the following instructions|[IW]\d{4} |"
    rb"\d{4}-\d\d-\d\d [\d:.]+: [IW] |E\d{4} .*(Unable to register|computation_placer)|"
    rb"\d{4}-\d\d-\d\d [\d:.]+: E .*Unable to register"
)
for line in sys.stdin.buffer:
    if not noise.match(line):
        sys.stderr.buffer.write(line)
        sys.stderr.buffer.flush()
"""


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep TensorFlow's start-up lines (CPU features, CUDA, oneDNN) from standard error; all else passes."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        standard_error = os.dup(2)
    except OSError:  # closed: nobody reads it
        yield
        return
    reader = subprocess.Popen([sys.executable, "-I", "-S", "-c", _FILTER], stdin=subprocess.PIPE)
    assert reader.stdin is not None
    sys.stderr.flush()
    os.dup2(reader.stdin.fileno(), 2)
    reader.stdin.close()
    try:
        yield
    finally:
        sys.stderr.flush()
        os.dup2(standard_error, 2)
        os.close(standard_error)
        reader.wait()


def import_tensorflow() -> None:
    """Import Keras with its backend, and start the backend, quietly."""
    with quiet():
        import keras

        keras.ops.zeros(1)
    logging.getLogger("tensorflow").setLevel(logging.ERROR)  # its advice on retracing is none to a user of a command
