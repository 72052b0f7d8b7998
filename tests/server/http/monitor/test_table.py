"""The table holds to the rules of Prometheus, and the docs and the dashboard to the table."""

from __future__ import annotations

import re

import pytest

from ovms.server.http.monitor.table import BY_NAME, METRICS, Metric

FORBIDDEN = {"vehicle", "owner", "address", "path", "peer", "user"}
"""Labels that would have a value for each vehicle or caller."""


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: str(metric.name))
def test_names(metric: Metric) -> None:
    """A name is ours, says its unit where it has one, and ends in _total only if it only grows."""
    assert re.fullmatch(r"ovms_[a-z]+(_[a-z]+)*", metric.name)
    assert metric.name.endswith("_total") is (metric.kind == "counter")
    if metric.kind == "histogram" and metric.name != "ovms_writer_commit_rows":
        assert metric.name.endswith("_seconds")
    assert not set(metric.labels) & FORBIDDEN
    assert metric.help.endswith(".")


def test_each_name_once() -> None:
    """No metric has two lines."""
    assert len(BY_NAME) == len(METRICS)
