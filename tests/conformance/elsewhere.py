"""Sentences that this suite does not run against the server, why, and what does instead."""

from __future__ import annotations

from tests.conformance.sentences import Elsewhere

CAR = "speaks of the car, not of the server"
APP = "speaks of apps and tools, not of the server"
TIME = "takes longer than a suite may"
INSIDE = "is not to be seen on the wire of one server"
CONTENT = "says what a field means; the server forwards it as it came"
NOTHING = "says nothing that could be run"
HTTP = "speaks of HTTP, which is no part of the wire protocol"

ACKED = "guide: Historical Data update+ack message"
SCHEME = "guide: Encryption Protection Scheme 0x30"
PROVISIONING = "guide: Auto Provisioning"
PROVISIONED = "guide: Auto Provisioning Protection Scheme 0x30"
OPENS = ("tests/protocol/test_welcome.py", "tests/cli/car/test_provision.py")

ELSEWHERE = [
    Elsewhere(SCHEME, "Checking the received token to ensure that it is different", INSIDE,
              ("tests/protocol/test_session.py",)),
    Elsewhere(PROVISIONING, "The first is usually the VIN of the vehicle", CAR, OPENS),
    Elsewhere(PROVISIONING, "The reason these two are chosen", NOTHING),
    Elsewhere(PROVISIONING, "The mechanism works by the client module first", CAR, OPENS),
    Elsewhere(PROVISIONING, "For OVMS hardware, and OVMS.X PIC firmware", CAR, OPENS),
    Elsewhere(PROVISIONED, "The car knows its VIN and ICCID", CAR, OPENS),
    Elsewhere(PROVISIONED, "If the car receives an AP-X message", CAR, OPENS),
    Elsewhere(PROVISIONED, "If the car receives an AP-S message", CAR, OPENS),
    Elsewhere(PROVISIONED, "By producing its own hmac-md5", CAR, OPENS),
    Elsewhere(PROVISIONED, "If this validation step does not succeed", CAR, OPENS),
    Elsewhere(PROVISIONED, "If acceptable, the car can decrypt", CAR, OPENS),
    Elsewhere("guide: Command message", "For further information on command codes", NOTHING),
    Elsewhere("guide: Historical Data update message", "The lifetime is specified in seconds", TIME,
              ("tests/server/storage/test_store.py::test_expire",)),
    Elsewhere("guide: Historical Data update message", "Consideration should be made", CAR,
              ("tests/car/test_delivery.py",)),
    Elsewhere("guide: Historical Data update message", "The server will endeavor to retain", TIME,
              ("tests/server/storage/test_expiry.py::test_expires_in_chunks",)),
    Elsewhere(ACKED, "The lifetime is specified in seconds", TIME,
              ("tests/server/storage/test_store.py::test_expire",)),
    Elsewhere(ACKED, "Consideration should be made", CAR,
              ("tests/car/test_delivery.py",)),
    Elsewhere("guide: Peer connection message", "It is suggested that the car should use this", CAR,
              ("tests/car/test_module.py::test_reports_come_at_the_interval",)),
    Elsewhere("guide: 1 - Request feature list", "These features are considered extremely",
              NOTHING),
    Elsewhere("guide: 5 - Reboot", "Shortly after sending the response, the module will reboot",
              CAR, ("tests/car/test_module.py",)),
    Elsewhere("guide: 6 – Charge Alert", "Shortly after sending the response, the module will",
              CAR, ("tests/car/test_alerts.py",)),
    Elsewhere("guide: Car Capabilities message", "It was introduced with v2", NOTHING),
    Elsewhere("interop 1", "A caller that gets its own token back aborts", CAR,
              ("tests/protocol/test_session.py",)),
    Elsewhere("interop 1", "No line at all: wait clearly more than 60 s (75), then close", TIME,
              ("tests/server/test_acceptor.py::test_silence",)),
    Elsewhere("interop 1", "and is closed after 60 s if nothing ever decrypts", TIME,
              ("tests/server/hub/test_hub.py",)),
    Elsewhere("interop 1", "See 6 for what a car makes", NOTHING),
    Elsewhere("interop 1", "Idle: an app silent for 20 minutes, a car for 16", TIME,
              ("tests/server/hub/test_hub.py::test_idle_limits",
               "tests/server/hub/test_hub.py::test_idle_at_the_bound",
               "tests/server/hub/test_hub.py::test_the_server_breaks_its_own_silence")),
    Elsewhere("interop 1", "TCP keep-alive on, Nagle off", INSIDE, ("tests/net/test_pump.py",)),
    Elsewhere("interop 1", "6868 HTTP, 6869 HTTPS", HTTP),
    Elsewhere("interop 2", "Meant for TLS", NOTHING),
    Elsewhere("interop 3", "Numbers are n-th fields, counted from 1", NOTHING),
    Elsewhere("interop 3", "Door #3 bit 0 car awake", CONTENT,
              ("tests/protocol/records/test_environment.py",)),
    Elsewhere("interop 3", "N A D P R F E M S", CONTENT,
              ("tests/protocol/records/test_location.py",)),
    Elsewhere("interop 3", "Payloads of pushes that apps understand",
              "goes to push services, not over the wire", ("tests/server/notify/channels/test_expo.py",)),
    Elsewhere("interop 3", "FCM data `type`, `time`, `title`, `message`",
              "goes to push services, not over the wire", ("tests/server/notify/channels/test_expo.py",)),
    Elsewhere("interop 3", "the Android app alone takes the server password", APP),
    Elsewhere("interop 4", "Feature n (8 to 15) is parameter n + 16", CAR,
              ("tests/car/test_module.py",)),
    Elsewhere("interop 4", "90 at most", TIME, ("tests/server/storage/test_history.py",)),
    Elsewhere("interop 4", "`30,1,No GPRS utilisation data available`",
              "cannot be had over the wire: whoever asks has made traffic",
              ("tests/server/hub/test_history.py",)),
    Elsewhere("interop 4", "answer late after the server gave up", TIME,
              ("tests/server/hub/test_commands.py",)),
    Elsewhere("interop 4", "The ESP32 never answers 5", TIME,
              ("tests/server/hub/test_commands.py",)),
    Elsewhere("interop 5", "*", HTTP),
    Elsewhere("interop 6", "The newest ESP32 firmware counts a close between TCP connect", CAR,
              ("tests/car/test_link.py", "tests/programs/test_restarts.py")),
    Elsewhere("interop 6", "For a passing trouble (database away, load, restart) stay silent", TIME,
              ("tests/server/test_acceptor.py", "tests/programs/test_outages.py")),
    Elsewhere("interop 6", "Listen only when you can answer; at shutdown stop listening first",
              "needs a server that is started and stopped", ("tests/programs/test_restarts.py",)),
    Elsewhere("interop 6", "must stay under 1024 bytes (ESP32; a chunk that does not fit", TIME,
              ("tests/server/hub/test_pacing.py",)),
    Elsewhere("interop 6", "If the server sends nothing for 16 minutes it restarts", TIME,
              ("tests/server/hub/test_hub.py::test_the_server_breaks_its_own_silence",)),
    Elsewhere("interop 6", "Some small clients do not reassemble lines: write each message in one",
              INSIDE, ("tests/net/test_pump.py",)),
    Elsewhere("interop 6", "Life time counts from arrival", TIME,
              ("tests/server/hub/test_history.py",)),
    Elsewhere("interop 6", "The ESP32 sends no `V`", APP, ("tests/app/test_snapshot.py",)),
    Elsewhere("interop 6", "Charge controllers decode strictly: `soc`", HTTP),
    Elsewhere("interop 6", "Phone clients want every listed key", HTTP),
    Elsewhere("interop 6", "Items of `/api/vehicles` have exactly", HTTP),
    Elsewhere("interop 6", "Trailing and double slashes occur", HTTP),
    Elsewhere("interop 6", "Header names in the usual spelling", HTTP),
    Elsewhere("interop 6", "A stale or unknown cookie", HTTP),
    Elsewhere("interop 6", "Nobody logs out reliably", HTTP),
    Elsewhere("interop 6", "`GET /api/status` gains, harmlessly", HTTP),
    Elsewhere("interop 6", "History that modules can be told to keep", CAR,
              ("tests/car/test_trips.py", "tests/car/test_charges.py")),
    Elsewhere("interop 6", "Their record number is the format version", CAR,
              ("tests/car/test_trips.py", "tests/car/test_charges.py")),
    Elsewhere("interop 7", "The caller reconnects every 5 minutes", TIME,
              ("tests/server/peers/test_caller.py",)),
]  # fmt: skip
"""In the order of the documents."""
