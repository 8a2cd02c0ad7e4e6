"""How many threads NumPy's matrix products use."""

from __future__ import annotations

from threadpoolctl import threadpool_limits


def hold_blas_to_one_thread() -> None:
    """From now on this process multiplies matrices in one thread.

    For matrices of a few hundred rows more threads gain nothing, and beside a busy window they
    wait for each other: a hundred times slower was measured.
    """
    threadpool_limits(1, "blas")
