"""Reads what ``/metrics`` says, with the parsers of the library."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_metrics
from prometheus_client.parser import text_string_to_metric_families as plain_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from prometheus_client.core import Metric
    from prometheus_client.samples import Sample

OPEN_METRICS = "application/openmetrics-text; version=1.0.0"


class Scraped:
    """The samples of one scrape."""

    def __init__(self, text: str, *, is_open_metrics: bool = False) -> None:
        parse = open_metrics if is_open_metrics else plain_text
        self.families: list[Metric] = [*parse(text)]
        self.samples: list[Sample] = [each for family in self.families for each in family.samples]

    def value(self, name: str, /, **labels: str) -> float:
        """Return the value of the sample that has exactly these labels."""
        (found,) = [
            each.value for each in self.samples if each.name == name and each.labels == labels
        ]
        return found

    def values(self, name: str, label: str) -> dict[str, float]:
        """Return the values of a metric that are not 0, by one of its labels."""
        return {
            each.labels[label]: each.value
            for each in self.samples
            if each.name == name and each.value
        }

    def labels(self) -> dict[str, set[str]]:
        """Return the names of labels that each sample's name has."""
        found: dict[str, set[str]] = {}
        for each in self.samples:
            found.setdefault(each.name, set()).update(each.labels)
        return found


def names(families: Iterable[Metric]) -> set[str]:
    """Return the names of metrics, counters with their ending."""
    return {each.name + ("_total" if each.type == "counter" else "") for each in families}
