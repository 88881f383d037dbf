"""Numba kernels: arrays and numbers only. The only home of Numba."""
