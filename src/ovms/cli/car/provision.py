"""``ovms car --provision``: ask a server for a car's parameters, and print them."""

from __future__ import annotations

import asyncio
import ssl
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field

from ovms.car.parameters import HIDDEN, NAMES, split
from ovms.cli.common import fail, print_json, print_table, refuse, resolve_secret
from ovms.cli.link import TRUST_HINT
from ovms.net.client import NetError, Untrusted, fetch_provision
from ovms.protocol.errors import AuthenticationFailed
from ovms.protocol.settings_names import HIDDEN_VALUE
from ovms.protocol.welcome import ProvisionRecord

TIMEOUT = 20.0
"""Seconds to wait for the server while a person waits."""


@dataclass(frozen=True, slots=True)
class ProvisionQuestion:
    """What a new car asks a server, which seals the answer with its SIM card's number."""

    place: tuple[str, int]
    tls: ssl.SSLContext | None
    websocket: bool
    vin: str
    iccid: str = field(repr=False)

    def ask(self) -> list[str]:
        """Return the car's parameters; ends the command if there are none."""
        record = self._fetch()
        if record is None:
            fail(f"the server has no provisioning record for VIN {self.vin}")
        try:
            found = split(record.open(self.iccid))
        except AuthenticationFailed as error:
            fail(f"{error}; is the ICCID the one that the record was made with?")
        return found or fail("the provisioning record is empty")

    def _fetch(self) -> ProvisionRecord | None:
        asking = fetch_provision(
            *self.place, self.vin, tls=self.tls, websocket=self.websocket, timeout=TIMEOUT
        )
        try:
            return asyncio.run(asking)
        except Untrusted as error:
            fail(f"{error}; {TRUST_HINT}")
        except NetError as error:
            fail(str(error))


def find_iccid(iccid: str | None, iccid_file: str | None) -> str:
    """Return the number of the SIM card; wrong usage if it is not given."""
    found = resolve_secret(iccid, iccid_file, "OVMS_ICCID", "ICCID of the SIM card")
    if found is None:
        refuse("--provision needs the ICCID: --iccid, --iccid-file or OVMS_ICCID")
    found = found.strip()
    if found.split() != [found] or not found.isprintable():
        refuse("the ICCID must be one word")
    return found


def show(values: Sequence[str], json: bool, *, is_hidden: bool = False) -> None:
    """Print parameters: a table with their names, or a JSON list of objects.

    Passwords are ``*`` where they would be kept for others to read: in a journal.
    """
    rows = [
        (number, NAMES.get(number), HIDDEN_VALUE if is_hidden and number in HIDDEN else value)
        for number, value in enumerate(values)
    ]
    if json:
        print_json([{"number": n, "name": name, "value": value} for n, name, value in rows])
    else:
        print_table(
            ("number", "name", "value"),
            [(str(number), name or "", value) for number, name, value in rows],
        )
    sys.stdout.flush()  # the car may run on for long
