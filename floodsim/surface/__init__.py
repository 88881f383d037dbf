"""The 2D surface: state, one step, boundaries, sources, losses, ledger."""
