"""The run: set-up, clock and loop, what observers see, summary."""
