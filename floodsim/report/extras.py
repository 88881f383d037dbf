"""Libraries of the ``report`` extra, imported only when something is written with them."""

from __future__ import annotations

import importlib
from typing import Any

from floodsim.errors import CaseError, Fault


def need(module: str, purpose: str) -> Any:
    """Import a module of the ``report`` extra; raises CaseError with the remedy where it is not installed."""
    try:
        return importlib.import_module(module)
    except ImportError:
        message = f"{purpose} needs the package {module.split('.')[0]}, which is not installed"
        raise CaseError(Fault(message, remedy="pip install floodsim[report]")) from None
