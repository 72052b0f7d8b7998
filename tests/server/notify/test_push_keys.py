from __future__ import annotations

import json

from ovms.server.notify.push_keys import parse_target, subscription_text
from tests.server.notify.devices import Browser


def test_a_target() -> None:
    """Host and port are those of the endpoint; what is stored reads as what came."""
    browser = Browser("https://Push.example.org:8443/x?y=z")
    keys = browser.subscription["keys"]
    target = parse_target(subscription_text(browser.endpoint, keys["p256dh"], keys["auth"]))
    assert target == parse_target(json.dumps(browser.subscription))
    assert (target.scheme, target.host, target.port) == ("https", "push.example.org", 8443)
    assert target.netloc == "Push.example.org:8443"
    assert parse_target(json.dumps(Browser("https://p.example/").subscription)).port == 443
