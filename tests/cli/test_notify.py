from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from ovms.cli import notify, owner, vehicle
from ovms.server.storage import outbox
from ovms.server.storage.opening import open_database
from tests.server.notify.plugin import installed
from tests.server.notify.servers import HttpReceiver, MailReceiver, Reply, load_apprise
from tests.server.storage.databases import with_schema

if TYPE_CHECKING:
    from typer.testing import Result

load_apprise()


@pytest.fixture(autouse=True)
def _data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OVMS_DATA", str(with_schema(tmp_path)))
    for name in ("OVMS_SECRET", "OVMS_DATABASE", "OVMS_MAIL_HOST", "OVMS_NOTIFY_KEY"):
        monkeypatch.delenv(name, raising=False)
    assert CliRunner().invoke(owner.app, ["add", "bob"]).exit_code == 0
    assert CliRunner().invoke(vehicle.app, ["add", "CAR1", "--owner", "bob"]).exit_code == 0


class Servers:
    """Receivers in an event loop of their own, since a command blocks the test's."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.mail, self.http = MailReceiver(), HttpReceiver()
        self._loop = loop

    def up(self) -> None:
        """Listen."""
        for server in (self.mail, self.http):
            asyncio.run_coroutine_threadsafe(server.up(), self._loop).result(10)

    def down(self) -> None:
        """Listen no more."""
        for server in (self.mail, self.http):
            asyncio.run_coroutine_threadsafe(server.down(), self._loop).result(10)


@pytest.fixture
def servers(monkeypatch: pytest.MonkeyPatch) -> Iterator[Servers]:
    """Run receivers, and have the settings name them."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    servers = Servers(loop)
    servers.up()
    monkeypatch.setenv("OVMS_MAIL_HOST", "127.0.0.1")
    monkeypatch.setenv("OVMS_MAIL_PORT", str(servers.mail.port))
    monkeypatch.setenv("OVMS_MAIL_TLS", "none")
    monkeypatch.setenv("OVMS_EXPO_URL", f"http://{servers.http.url}/expo")
    yield servers
    servers.down()
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


def _run(*arguments: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(notify.app, arguments, input=stdin)


def _good(*arguments: str, stdin: str | None = None) -> str:
    result = _run(*arguments, stdin=stdin)
    assert (result.exit_code, result.stderr) == (0, "")
    return result.stdout


def _add(push_type: str, key: str, *more: str) -> str:
    return _good("add", "car1", "--type", push_type, "--key", key, *more)


def _listed(*arguments: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(_good("list", "--json", *arguments))
    return found


def test_add_and_list() -> None:
    """Subscriptions are listed with their state, secrets masked."""
    assert _add("expo", "ExponentPushToken[abcdef]", "--app", "phone") == (
        "vehicle CAR1 sends its alerts to phone by expo\n"
    )
    _add("apprise", "ntfy://bob:hidden@host/topic", "--app", "ntfy")
    told = _add("mail", "bob@example.org", "--app", "mail")
    assert told.splitlines()[1] == "nothing is sent yet: no mail server is set (mail_host)"
    assert "not built" in _add("apns", "0123456789abcdef" * 4, "--app", "old phone")
    listed = {each["app"]: each for each in _listed()}
    shown = {app: (each["type"], each["key"], each["state"]) for app, each in listed.items()}
    assert shown == {
        "phone": ("expo", "…def]", "active"),
        "ntfy": ("apprise", "ntfy://***", "active"),
        "mail": ("mail", "bob@example.org", "waiting for a channel"),
        "old phone": ("apns", "…cdef", "waiting for a channel"),
    }
    assert listed["phone"]["vehicle"] == "CAR1"
    assert listed["phone"]["renewed"].endswith("Z")
    table = _good("list", "car1")
    assert table.startswith("vehicle\tapp\ttype\tkey\tstate\tfailing since\trenewed\n")
    assert "hidden" not in table + json.dumps(_listed())


def test_state_failing(tmp_path: Path) -> None:
    """A subscription that fails says since when."""
    _add("expo", "token", "--app", "phone")
    with open_database(tmp_path).writing() as connection:
        outbox.postpone(connection, "CAR1", "phone", 0.0, 1.0)
    (found,) = _listed("CAR1")
    assert (found["state"], found["failing_since"]) == ("failing", "1970-01-01T00:00:00Z")


def test_mail_becomes_active(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once a mail server is set, a waiting subscription is active."""
    monkeypatch.setenv("OVMS_MAIL_HOST", "mail.example.org")
    assert _add("mail", "bob@example.org").count("\n") == 1
    assert _listed()[0]["state"] == "active"


def test_same_key_twice() -> None:
    """Without a name one is made, and adding the same key again, pasted or not, changes nothing."""
    assert _add("mail", "bob@example.org") == _add("mail", " bob@example.org ")
    (found,) = _listed()
    assert found["app"].startswith("mail-")


def test_name_tells_nothing_of_the_key() -> None:
    """The name, which stands in clear, is another one when the same key is added anew."""
    names = set()
    for _ in range(2):
        _add("apprise", "ntfy://bob:hidden@host/topic")
        (found,) = _listed()
        names.add(found["app"])
        _good("remove", "CAR1", found["app"], "--yes")
    assert len(names) == 2


def test_key_from_elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A key need not stand on the command line."""
    _good("add", "CAR1", "--type", "expo", "--key-file", "-", "--app", "a", stdin="from stdin\n")
    monkeypatch.setenv("OVMS_NOTIFY_KEY", "json://hidden")
    _good("add", "CAR1", "--type", "apprise", "--app", "b")
    assert [each["key"] for each in _listed()] == ["***", "json://***"]
    monkeypatch.delenv("OVMS_NOTIFY_KEY")
    assert _run("add", "CAR1", "--type", "expo").exit_code == 2


@pytest.mark.parametrize(
    ("push_type", "key", "problem"),
    [
        ("fax", "hidden", "'fax' is none of apns, apprise, expo, gcm, mail"),
        ("mail", "hidden", "no mail address"),
        ("apprise", "hidden", "no Apprise address"),
        ("apprise", "nothing://hidden", "Apprise knows no such service"),
    ],
)
def test_wrong_usage(push_type: str, key: str, problem: str) -> None:
    """A type or key that cannot be is wrong usage, in one line that does not repeat the key."""
    result = _run("add", "CAR1", "--type", push_type, "--key", key)
    assert (result.exit_code, result.stdout) == (2, "")
    assert problem in result.stderr
    assert "hidden" not in result.stderr
    assert result.stderr.count("\n") == 1


def test_wrong_app_name() -> None:
    """A name that cannot be shown is wrong usage, too."""
    assert _run("add", "CAR1", "--type", "gcm", "--key", "k", "--app", "a\tb").exit_code == 2


def test_channels(tmp_path: Path) -> None:
    """All channels are shown with their packages and what they lack, also another package's."""
    shown = "type\tpackage\tstate\napns\tovms\tapns is not built\napprise\tovms\tactive\n"
    assert _good("channels").startswith(shown)
    code = "from ovms.server.notify.channel import WaitingChannel\n"
    code += "class Fax(WaitingChannel):\n    push_type = 'fax'\n"
    with installed(tmp_path, code, "fax = ovms_fax:Fax"):
        found = json.loads(_good("channels", "--json"))
        assert {"type": "fax", "package": "ovms_fax", "state": "fax is not built"} in found
        assert "fax is not built" in _add("fax", "0851234")
        assert _listed()[0]["state"] == "waiting for a channel"
    (found,) = _listed()
    assert (found["type"], found["key"], found["state"]) == ("fax", "***", "waiting for a channel")
    result = _run("test", "car1")
    assert "waiting for a channel: it is not installed" in result.stdout


def test_a_table_that_is_wrong(tmp_path: Path) -> None:
    """Settings that a channel does not accept end the command in one line."""
    (tmp_path / "ovms.toml").write_text('[channels.apns]\nteam = "x"\n')
    result = _run("channels")
    assert result.stderr == "ovms: channels.apns: unknown key 'team'\n"
    assert result.exit_code == 1


def test_remove() -> None:
    """A removed subscription is gone; what is not there cannot be removed."""
    _add("expo", "token", "--app", "phone")
    assert (
        _good("remove", "car1", "phone", "--yes") == "vehicle CAR1 sends no more alerts to phone\n"
    )
    assert _listed() == []
    result = _run("remove", "car1", "phone", "--yes")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "ovms: vehicle CAR1 has no subscription 'phone'\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ["list", "none"],
        ["add", "none", "--type", "expo", "--key", "k"],
        ["remove", "none", "a", "--yes"],
        ["test", "none"],
    ],
)
def test_unknown_vehicle(arguments: list[str]) -> None:
    """A vehicle that does not exist is an error."""
    result = _run(*arguments)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "ovms: there is no vehicle NONE\n"


def test_bad_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings that cannot be used end the command in one line, without the password."""
    monkeypatch.setenv("OVMS_MAIL_TLS", "perhaps")
    result = _run("list")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("ovms: OVMS_MAIL_TLS: ")


def test_test_delivers(servers: Servers) -> None:
    """A test alert goes through the real channels at once."""
    servers.http.tickets({"status": "ok"})
    _add("mail", "bob@example.org", "--app", "a")
    _add("expo", "token", "--app", "b")
    _add("apprise", f"json://{servers.http.url}/hook", "--app", "c")
    told = _good("test", "car1")
    assert (
        told
        == "app\ttype\toutcome\na\tmail\tdelivered\nb\texpo\tdelivered\nc\tapprise\tdelivered\n"
    )
    assert servers.mail.mails[0].message.get_content().strip() == notify.TEST_ALERT
    assert servers.http.requests[0].json["title"] == "Open Vehicles car1"
    assert [request.path for request in servers.http.requests] == ["/expo", "/hook"]
    assert _good("test", "CAR1", "--app", "a") == "app\ttype\toutcome\na\tmail\tdelivered\n"
    assert len(servers.mail.mails) == 2


def test_test_fails(servers: Servers) -> None:
    """Each failure is shown with its reason, and the exit code is 1."""
    servers.http.replies = [Reply(503)]
    servers.mail.refuse["bob@example.org"] = "550 5.1.1 no such user"
    _add("mail", "bob@example.org", "--app", "a")
    _add("expo", "token", "--app", "b")
    _add("gcm", "token", "--app", "c")
    result = _run("test", "car1")
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        "app\ttype\toutcome",
        "a\tmail\tthe mail server knows no such recipient (550)",
        "b\texpo\tExpo answered 503: no ticket",
        "c\tgcm\twaiting for a channel: gcm is not built",
    ]
    assert result.stderr == "ovms: 3 of 3 not reached\n"
    assert len(_listed()) == 3


def _give_address() -> None:
    result = CliRunner().invoke(owner.app, ["set", "bob", "--email", "bob@example.org"])
    assert result.exit_code == 0


def test_the_owner_is_the_default(servers: Servers) -> None:
    """Where nobody has subscribed, the owner's address is listed and tested, and stays."""
    _give_address()
    (found,) = _listed()
    shown = (found["vehicle"], found["app"], found["type"], found["key"], found["state"])
    assert shown == ("CAR1", "owner", "mail", "bob@example.org", "active")
    assert _good("test", "car1").splitlines()[1:] == ["owner\tmail\tdelivered"]
    assert servers.mail.mails[0].recipients == ["bob@example.org"]
    assert _run("remove", "car1", "owner", "--yes").exit_code == 2
    _add("expo", "token", "--app", "phone")
    assert [each["app"] for each in _listed()] == ["phone"]


def test_the_operator(servers: Servers, monkeypatch: pytest.MonkeyPatch) -> None:
    """The operator's address is tested by itself; without one it fails, with a vehicle too."""
    assert _run("test", "--operator").stderr == "ovms: the settings name no operator_mail\n"
    assert _run("test", "car1", "--operator").exit_code == _run("test").exit_code == 2
    monkeypatch.setenv("OVMS_OPERATOR_MAIL", "no address")
    assert "is no mail address" in _run("test", "--operator").stderr
    monkeypatch.setenv("OVMS_OPERATOR_MAIL", "ops@example.org")
    assert _good("test", "--operator").splitlines()[1:] == ["operator\tmail\tdelivered"]
    assert servers.mail.mails[0].recipients == ["ops@example.org"]


def test_no_default(servers: Servers, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a mail server, and where the settings say so, owners are not mailed."""
    _give_address()
    monkeypatch.setenv("OVMS_MAIL_OWNERS", "no")
    assert _listed() == []
    monkeypatch.delenv("OVMS_MAIL_OWNERS")
    monkeypatch.delenv("OVMS_MAIL_HOST")
    assert _listed() == []


def test_test_without_subscriptions() -> None:
    """A vehicle without such a subscription is an error."""
    result = _run("test", "car1", "--app", "x")
    assert (result.exit_code, result.stderr) == (1, "ovms: vehicle CAR1 has no such subscription\n")
    result = _run("test", "car1")
    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
    assert "nobody gets the alerts of vehicle CAR1" in result.stderr
