"""The cases: each module builds grid and forcing from published numbers and exports its cases as ``CASES``."""
