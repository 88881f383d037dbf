"""Optional libraries, imported only when something needs them."""

from __future__ import annotations

import importlib
from typing import Any

from floodsim.errors import CaseError, Fault


def need(module: str, purpose: str, extra: str = "geo") -> Any:
    """Import a module of an extra; raises CaseError with the remedy where it is not installed."""
    try:
        return importlib.import_module(module)
    except ImportError:
        message = f"{purpose} needs the package {module.split('.')[0]}, which is not installed"
        raise CaseError(Fault(message, remedy=f"pip install floodsim[{extra}]")) from None
