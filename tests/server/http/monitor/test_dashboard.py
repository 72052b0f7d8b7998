"""What Prometheus and Grafana are given fits what ``/metrics`` says."""

from __future__ import annotations

import asyncio
import json
import re
import tomllib
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from ovms.server.http.monitor.exposition import Exposition
from ovms.server.http.monitor.table import METRICS
from ovms.server.http_settings import HttpSettings
from ovms.server.storage import outbox, queries, subscriptions
from ovms.server.storage.limits import SubscriptionLimits
from tests.server.http.api import open_site
from tests.server.http.monitor.promql import Query, read_query
from tests.server.http.monitor.scrapes import Scraped
from tests.server.http.monitor.sites import FakeParts, sources_of
from tests.server.hub.fakes import START

ROOT = Path(__file__).parents[4]
DASHBOARD = ROOT / "examples" / "grafana" / "ovms.json"
RULES = ROOT / "examples" / "prometheus" / "ovms.rules.yml"
PAGE = ROOT / "docs" / "monitoring.md"

OF_PROMETHEUS = {"instance", "job"}
"""Labels that Prometheus adds to each sample."""


def dashboard() -> dict[str, Any]:
    """Return the dashboard."""
    loaded: dict[str, Any] = json.loads(DASHBOARD.read_text("utf-8"))
    return loaded


def panels() -> list[dict[str, Any]]:
    """Return its panels that show something."""
    return [each for each in dashboard()["panels"] if each["type"] != "row"]


def rules() -> list[dict[str, Any]]:
    """Return the rules for alerts."""
    yaml: Any = import_module("yaml")  # it has no types
    (group,) = yaml.safe_load(RULES.read_text("utf-8"))["groups"]
    found: list[dict[str, Any]] = group["rules"]
    return found


QUERIES = {
    **{
        f"panel {each['title']} {target['refId']}": target["expr"]
        for each in panels()
        for target in each["targets"]
    },
    **{f"rule {rule['alert']}": rule["expr"] for rule in rules()},
    **{
        f"page {number}": text
        for number, text in enumerate(
            re.findall(r"^```promql\n(.*?)\n```$", PAGE.read_text("utf-8"), re.M | re.S)
        )
    },
}


@pytest.fixture(scope="module")
def scraped(tmp_path_factory: pytest.TempPathFactory) -> Scraped:
    """Scrape a server of which each metric has a value."""
    return asyncio.run(full_scrape(tmp_path_factory.mktemp("data")))


async def full_scrape(folder: Path) -> Scraped:
    """Return what a server says that has something to say of everything."""
    async with open_site(folder) as site:
        with site.database.writing() as connection:
            car = queries.get_vehicle(connection, "CAR1")
            put = partial(subscriptions.put_subscription, connection, car)
            put("app", "mail", "", "a@example.com", "Car", START, (), SubscriptionLimits())
            outbox.put_alerts(connection, [("CAR1", "A", "door", START, START)], ("mail",))
        parts = FakeParts(
            accepting={"hello": 1}, refused={"busy": 1}, welcomes={"accepted": 1},
            certificates={"default": START}, alerts={"A": 1}, deliveries={("mail", "delivered"): 1},
        )  # fmt: skip
        sources = sources_of(site, parts, folder)
        sources.requests.note("GET", "/api/vehicles", 200, 0.1)
        text, _ = await Exposition(sources).make("")
    return Scraped(text.decode())


def faults(query: Query, known: dict[str, set[str]]) -> list[str]:
    """Return what is wrong with a query."""
    found = [f"there is no {name}" for name in query.metrics if name not in known]
    for name, labels in query.metrics.items():
        strange = labels - known.get(name, set()) - OF_PROMETHEUS
        found += [f"{name} has no label {label}" for label in sorted(strange)]
        if name.endswith("_bucket") is not query.is_quantile:
            found.append(f"{name} and histogram_quantile do not belong together")
    everything = set().union(*(known.get(name, set()) for name in query.metrics))
    found += [f"no label {each}" for each in sorted(query.groups - everything - OF_PROMETHEUS)]
    if query.is_quantile and "le" not in query.groups:
        found.append("a quantile needs its le")
    return found


@pytest.mark.parametrize("name", QUERIES)
def test_queries_fit(name: str, scraped: Scraped) -> None:
    """Every query names metrics and labels that a server gives, quantiles those of buckets."""
    known = {**scraped.labels(), "up": set[str]()}
    assert faults(read_query(QUERIES[name]), known) == []


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("ovms_room", "there is no ovms_room"),
        ('rate(ovms_alerts_total{channel="x"}[5m])', "ovms_alerts_total has no label channel"),
        ("sum by (kind) (ovms_rooms)", "no label kind"),
        (
            "sum(rate(ovms_writer_commit_seconds_bucket[5m]))",
            "ovms_writer_commit_seconds_bucket and histogram_quantile do not belong together",
        ),
        (
            "histogram_quantile(0.5, sum(rate(ovms_writer_commit_seconds_bucket[5m])))",
            "a quantile needs its le",
        ),
    ],
)
def test_faults_are_found(text: str, fault: str, scraped: Scraped) -> None:
    """The test above would see a query that does not fit."""
    assert faults(read_query(text), scraped.labels()) == [fault]


def test_every_metric_is_watched() -> None:
    """Each metric is in the dashboard or in a rule, or nobody would miss it."""
    text = "".join(QUERIES.values())
    assert [each.name for each in METRICS if each.name not in text] == [
        "ovms_start_time_seconds",
    ]


def test_the_dashboard_can_be_imported() -> None:
    """It names no data source and no dashboard of its author's, and its panels do not overlap."""
    found = dashboard()
    assert found["uid"] is found["id"] is None
    assert found["schemaVersion"] >= 38
    kinds = {each["name"]: each["type"] for each in found["templating"]["list"]}
    assert kinds == {"datasource": "datasource", "instance": "query"}
    ids = [each["id"] for each in found["panels"]]
    assert len(set(ids)) == len(ids)
    places: set[tuple[int, int]] = set()
    for each in found["panels"]:
        place = each["gridPos"]
        assert place["x"] + place["w"] <= 24
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not places & cells
        places |= cells


@pytest.mark.parametrize("panel", panels(), ids=lambda each: str(each["title"]))
def test_panels_explain_themselves(panel: dict[str, Any]) -> None:
    """Each has a title, a sentence on what it shows, a unit, and the chosen data source."""
    assert panel["title"]
    assert panel["description"].endswith(".")
    assert panel["fieldConfig"]["defaults"]["unit"]
    source = {"type": "prometheus", "uid": "${datasource}"}
    assert [panel["datasource"], *(each["datasource"] for each in panel["targets"])] == [source] * (
        1 + len(panel["targets"])
    )
    assert all('instance=~"$instance"' in each["expr"] for each in panel["targets"])


@pytest.mark.parametrize("metric", METRICS, ids=lambda each: str(each.name))
def test_the_page_has_every_metric(metric: Any) -> None:
    """The page's table says of each metric what the table of the code says."""
    labels = ", ".join(f"`{label}`" for label in metric.labels)
    row = f"| `{metric.name}` | {metric.kind} | {labels} | {metric.help} |"
    assert row in PAGE.read_text("utf-8").splitlines()


def test_the_page_has_every_rule() -> None:
    """The page says of each rule what to do."""
    text = PAGE.read_text("utf-8")
    assert [rule["alert"] for rule in rules() if f"| `{rule['alert']}` |" not in text] == []


def test_the_settings_of_the_page_are_right() -> None:
    """What the page says to set is what the server takes."""
    text = PAGE.read_text("utf-8")
    lines = re.findall(r"^    (metrics_\w+ = .*)$", text, re.M)
    settings = HttpSettings.model_validate(tomllib.loads("\n".join(lines)))
    assert settings.metrics_port == 9868
    assert settings.metrics_token is not None
    assert f"Bearer {settings.metrics_token.get_secret_value()}'" in text
