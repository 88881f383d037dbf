"""The verdict: standards as data, waterlogging points judged from result files."""
