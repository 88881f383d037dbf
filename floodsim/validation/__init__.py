"""The validation suite: the model against references nobody here wrote; tests assert it, and a command runs it."""
