from __future__ import annotations

from ovms.server.http.monitor.requests import RequestCounts


def test_calls_count_by_template() -> None:
    """Calls of one template and status are one number, whatever their paths were."""
    counts = RequestCounts()
    counts.note("GET", "/api/vehicle/{id}", 200, 0.002)
    counts.note("GET", "/api/vehicle/{id}", 200, 0.004)
    counts.note("GET", "/api/vehicle/{id}", 404, 0.001)
    assert counts.done == {
        ("GET", "/api/vehicle/{id}", 200): 2, ("GET", "/api/vehicle/{id}", 404): 1
    }  # fmt: skip
    seconds = counts.seconds["/api/vehicle/{id}"]
    assert (seconds.count, round(seconds.sum, 6)) == (3, 0.007)


def test_invented_methods() -> None:
    """A stranger cannot make numbers without end by inventing methods."""
    counts = RequestCounts()
    for number in range(50):
        counts.note(f"M{number}", "none", 404, 0.0)
    assert counts.done == {("other", "none", 404): 50}
