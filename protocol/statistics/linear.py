"""Small systems of linear equations, as many unknowns as there are groups less one."""

from __future__ import annotations

from collections.abc import Sequence
from math import fsum

Vector = list[float]
Matrix = list[list[float]]
_LOST = 1e-11  # a pivot that has lost so much of its size holds nothing but rounding


def solve(matrix: Sequence[Sequence[float]], right: Sequence[float]) -> Vector | None:
    """The solution, by elimination with pivots from the diagonal; ``None`` where the matrix has no inverse."""
    rows = [[*row, value] for row, value in zip(matrix, right, strict=True)]
    size = len(rows)
    for n in range(size):
        pivot = rows[n][n]
        if pivot <= _LOST * abs(matrix[n][n]) or pivot == 0:
            return None
        for m in range(n + 1, size):
            factor = rows[m][n] / pivot
            rows[m] = [here - factor * above for here, above in zip(rows[m], rows[n], strict=True)]
    solution = [0.0] * size
    for n in reversed(range(size)):
        known = fsum(rows[n][m] * solution[m] for m in range(n + 1, size))
        solution[n] = (rows[n][size] - known) / rows[n][n]
    return solution


def inverse(matrix: Sequence[Sequence[float]]) -> Matrix | None:
    """The inverse of a symmetric matrix that is positive definite; ``None`` of another."""
    size = len(matrix)
    columns = [solve(matrix, [float(n == m) for m in range(size)]) for n in range(size)]
    solved = [column for column in columns if column is not None]
    return solved if len(solved) == size else None


def quadratic_form(matrix: Sequence[Sequence[float]], vector: Sequence[float]) -> float | None:
    """The vector's square in units of the covariance ``matrix``: v' M^-1 v; ``None`` without an inverse."""
    solution = solve(matrix, vector)
    return None if solution is None else fsum(a * b for a, b in zip(solution, vector, strict=True))
