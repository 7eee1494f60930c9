"""The libraries of the extra ``model``: loaded when they are first needed, missed with a sentence."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from casedesk.errors import Unavailable


class NoModelExtra(Unavailable):
    """The desk was installed without what models need."""

    def __init__(self, library: str) -> None:
        super().__init__(
            f"This needs {library}, which the desk was installed without; install it with the extra “model”: "
            "python -m pip install -e '.[model]'."
        )


def _library(name: str, called: str) -> Any:
    try:
        return import_module(name)
    except ImportError:
        raise NoModelExtra(called) from None


def lightgbm() -> Any:
    """Return LightGBM.

    :raises NoModelExtra: if it is not installed.
    """
    return _library("lightgbm", "LightGBM")


def onnx() -> Any:
    """Return the library that writes ONNX files.

    :raises NoModelExtra: if it is not installed.
    """
    return _library("onnx", "onnx")


def onnxruntime() -> Any:
    """Return ONNX Runtime.

    :raises NoModelExtra: if it is not installed.
    """
    return _library("onnxruntime", "ONNX Runtime")
