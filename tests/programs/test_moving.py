"""After an import from a server of today: its cars, apps, programs and owners go on."""

from __future__ import annotations

import json
from http.client import HTTPConnection
from typing import TYPE_CHECKING

from ovms.protocol import Message, Role
from ovms.server.storage import queries
from ovms.server.storage.opening import open_database
from ovms.server.storage.sealing import seal_parameters
from tests.programs.conftest import SECRET, Program, Server, Start, run_ovms, status_of
from tests.programs.test_alerts import Mailbox, mailbox
from tests.programs.test_keeping import Caller
from tests.server.migrate.conftest import other
from tests.server.migrate.moves import TOKEN, car, fill
from tests.waiting import PATIENCE, wait_until

if TYPE_CHECKING:
    from pathlib import Path

    from tests.server.migrate.mariadb import OtherServer

__all__ = ["mailbox", "other"]

VIN, ICCID = "5YJRE1A12B3001234", "8985200011112222333"


def test_all_go_on(
    start: Start, tmp_path: Path, mailbox: tuple[Mailbox, int], other: OtherServer
) -> None:
    """Car, app, owner, API token, provisioning record and subscription work as they did there."""
    box, port = mailbox
    env = {"OVMS_MAIL_HOST": "127.0.0.1", "OVMS_MAIL_PORT": str(port), "OVMS_MAIL_TLS": "none",
           "OVMS_MAIL_FROM": "ovms@example.org", "OVMS_ALERT_WINDOW": "0"}  # fmt: skip

    def begin(*arguments: str) -> Program:
        return start(*arguments, env=env)

    fill(other)
    other.put("cars", car(1, "CAR1", SECRET))
    sealed = seal_parameters(ICCID, ["-", "-", "K"])
    other.put("autoprovision", {"ap_key": VIN, "ap_stoken": sealed.token,
                                "ap_sdigest": sealed.digest, "ap_msg": sealed.record})  # fmt: skip
    server = Server(begin, tmp_path / "data", ("OWN",))
    refused = run_ovms("import", other.url, "--data", str(server.data))
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "another ovms server is running" in refused.stderr
    assert server.program.stop() == 0
    done = run_ovms("import", other.url, "--data", str(server.data))
    assert done.returncode == 0, done.stderr
    server.run()

    app = status_of(server)
    messages = app["messages"]
    assert isinstance(messages, dict)
    assert messages["S"]["fields"]["soc"] == 80
    caller = Caller(server, Role.CAR)
    caller.say(Message("P", b"AUnplugged"), Message("A"))
    caller.hear("a")
    mail = box.mails.get(timeout=PATIENCE)
    assert mail["To"] == "bob@example.org"
    assert "Unplugged" in mail.get_body().get_content()
    caller.leave()

    asked = run_ovms("car", "--provision", server.address, "--vin", VIN, "--iccid", ICCID, "--json")
    assert [each["value"] for each in json.loads(asked.stdout)][2] == "K"

    connection = HTTPConnection("127.0.0.1", server.http_port, timeout=PATIENCE)
    connection.request("GET", f"/api/vehicles?username=bob&password={TOKEN}")
    answer = connection.getresponse()
    assert (answer.status, [each["id"] for each in json.load(answer)]) == (200, ["CAR1", "CAR2"])
    connection.close()

    login = ["--server", server.address, "--user", "bob"]
    for password, code in (("wrong", 1), ("hashcat", 0)):
        shown = run_ovms("app", "status", "--json", *login, "--password", password)
        assert shown.returncode == code

    def hashed() -> bool:
        with open_database(server.data).reading() as reading:
            found = queries.get_owner(reading, "bob").password_hash
        return found is not None and found.startswith("$argon2id$")

    wait_until(hashed)
    shown = run_ovms("app", "status", "--json", *login, "--password", "hashcat")
    assert shown.returncode == 0
    assert "Traceback" not in server.program.output()
