"""Krippendorff's alpha and an interval around it. It brings numpy, which most processes never need: agreement.py
imports it when there is something to compute.
"""

from __future__ import annotations

import krippendorff
import numpy

from involvement.agreement import AGAIN

SEED = 20_150_101  # of the interval, so that a page shows the same one every time
BOUNDS = (2.5, 97.5)  # per cent


def table(rows: list[list[int]]) -> numpy.ndarray:
    """Return ``rows`` of counts as the other functions take them."""
    return numpy.array(rows)


def alpha(counts: numpy.ndarray) -> float:
    """Return Krippendorff's alpha (nominal) of ``counts``: an activity a row, a value a column, how often it was said.

    Raises ValueError where all the answers are the same: then there is nothing to agree or differ about.
    """
    return float(krippendorff.alpha(value_counts=counts, level_of_measurement="nominal"))


def interval(counts: numpy.ndarray) -> tuple[float, float]:
    """Return the bounds of alpha over AGAIN draws of activities, with replacement; a draw in which all agree has 1.

    Alpha comes from coincidences, which add up over activities: one matrix product does all draws at once.
    """
    said = counts.sum(axis=1)
    both = (counts[:, :, None] * counts[:, None, :] - counts[:, :, None] * numpy.eye(counts.shape[1])) / (
        said[:, None, None] - 1
    )
    of_each = both.reshape(len(counts), -1)
    chosen = numpy.random.default_rng(SEED).multinomial(len(counts), [1 / len(counts)] * len(counts), size=AGAIN)
    drawn = (chosen @ of_each).reshape(AGAIN, *both.shape[1:])
    margins = drawn.sum(axis=2)
    total = margins.sum(axis=1)
    observed = total - numpy.trace(drawn, axis1=1, axis2=2)
    expected = (total**2 - (margins**2).sum(axis=1)) / (total - 1)
    alphas = numpy.ones(AGAIN)
    numpy.divide(observed, expected, out=alphas, where=expected > 0)
    numpy.subtract(1, alphas, out=alphas, where=expected > 0)
    low, high = numpy.percentile(alphas, BOUNDS)
    return float(low), float(high)
