"""The benchmark of the relaxation fits: what is absent is named, the rest is fitted."""

import sys

import numpy as np
import pytest

from validation import bench_relaxometry as bench

pytestmark = pytest.mark.requirement("TIS-10")


def test_a_library_that_is_not_installed_is_left_out_with_the_reason(monkeypatch):
    monkeypatch.setitem(sys.modules, "mrpro.operators", None)
    reason = bench._answer(bench.MRPRO, 8)
    assert isinstance(reason, str)
    assert "mrpro" in reason
    row = {"fastest s": 1.0}
    table = bench._table(8, {"ours, magnitudes": row, bench.MRPRO: reason})
    assert table.row_count == 1
    assert reason in str(table.caption)


@pytest.mark.parametrize("n_images", bench.SCHEMES_MS)
def test_the_simulated_series_holds_its_t1(n_images):
    series = bench.simulate(n_images, signed=True)
    pixels = np.s_[:16, :16]
    part = bench.Series(series.images[:, *pixels], series.times_ms, series.t1_ms[pixels], True)
    found = bench._ours(part)
    assert np.median(np.abs(found - part.t1_ms) / part.t1_ms) < 0.05
