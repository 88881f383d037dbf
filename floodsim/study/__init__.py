"""Studies: one case varied along several axes, run side by side, collected into one table; rain that zones bear."""
