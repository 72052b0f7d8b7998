from __future__ import annotations

import asyncio
import os
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from ovms.server.certificate import BadCertificate, Pair
from ovms.server.listener import Entrance, bind, listen
from ovms.server.settings import ServerSettings
from ovms.server.tls import (
    WARN_AGAIN,
    WARN_BEFORE,
    Certificates,
    check_certificates,
    list_pairs,
    open_certificates,
)
from tests.certs import DAY, key_pem, make_pair, pair_in, serial, serial_in
from tests.server.conftest import Log
from tests.waiting import PATIENCE

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOST = "127.0.0.1"


class Echo(asyncio.Protocol):
    """Sends back what it receives."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember the way back."""
        assert hasattr(transport, "write")
        self.write = transport.write

    def data_received(self, data: bytes) -> None:
        """Say it back."""
        self.write(data)


class Call:
    """A TLS connection to the place under test."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        tls = writer.get_extra_info("ssl_object")
        self.serial = serial(tls.getpeercert(binary_form=True))
        self.version = tls.version()

    async def works(self) -> bool:
        """Return whether it carries bytes there and back."""
        async with asyncio.timeout(PATIENCE):
            self._writer.write(b"hello")
            return await self._reader.readexactly(5) == b"hello"

    async def close(self) -> None:
        """End it."""
        self._writer.close()
        await self._writer.wait_closed()


def any_server(version: ssl.TLSVersion | None = None) -> ssl.SSLContext:
    """Return a client's context that trusts every certificate, for one version if given."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if version is not None:
        context.minimum_version = context.maximum_version = version
    return context


class TlsListener:
    """A listener with certificates."""

    def __init__(self, certificates: Certificates, port: int) -> None:
        self.certificates = certificates
        self.port = port

    async def call(self, name: str | None = None, context: ssl.SSLContext | None = None) -> Call:
        """Call it, asking for a name; an address is not asked for in TLS."""
        ends = await asyncio.open_connection(
            HOST, self.port, ssl=context or any_server(), server_hostname=name or HOST
        )
        return Call(*ends)

    async def serial(self, name: str | None = None) -> int:
        """Return the number of the certificate that a caller gets."""
        call = await self.call(name)
        assert await call.works()
        await call.close()
        return call.serial


@asynccontextmanager
async def serving(certificates: Certificates) -> AsyncIterator[TlsListener]:
    """Listen with them."""
    entrance = Entrance(bind([HOST], 0), Echo, certificates.context)
    server = listen([entrance])
    try:
        yield TlsListener(certificates, entrance.port)
    finally:
        server.close()


@pytest.fixture
def pair(tmp_path: Path) -> Pair:
    """Make the default pair."""
    return make_pair(pair_in(tmp_path / "default"), "default.example")


@pytest.fixture
def live(tmp_path: Path) -> Path:
    """Make a folder as certbot has it, with a file and an empty folder in it."""
    folder = tmp_path / "live"
    make_pair(pair_in(folder / "Cars.example"), "cars.example", "www.cars.example")
    make_pair(pair_in(folder / "fleet.example"), "*.fleet.example", "cars.example")
    (folder / "README").touch()
    (folder / "empty").mkdir()
    return folder


# -- handshakes -----------------------------------------------------------------------------


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_versions(pair: Pair, version: ssl.TLSVersion) -> None:
    """TLS 1.2, which is in cars, and 1.3 are spoken."""
    async with serving(Certificates(pair)) as place:
        call = await place.call(context=any_server(version))
        assert call.version == {"TLSv1_2": "TLSv1.2", "TLSv1_3": "TLSv1.3"}[version.name]
        assert await call.works()
        await call.close()


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
async def test_an_old_version_is_refused(pair: Pair) -> None:
    """TLS 1.1 is not, even to a caller that would take weak ciphers."""
    async with serving(Certificates(pair)) as place:
        for version in (ssl.TLSVersion.TLSv1_1, ssl.TLSVersion.TLSv1_2):
            context = any_server(version)
            context.set_ciphers("ALL:@SECLEVEL=0")
            if version is ssl.TLSVersion.TLSv1_2:
                call = await place.call(context=context)
                assert await call.works()
                await call.close()
            else:
                with pytest.raises(ConnectionError):
                    await place.call(context=context)


@pytest.mark.parametrize(
    "cipher", ["ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384",
               "ECDHE-ECDSA-CHACHA20-POLY1305"],
)  # fmt: skip
async def test_ciphers_of_small_machines(pair: Pair, cipher: str) -> None:
    """What a module's mbedTLS offers in TLS 1.2 is accepted."""
    context = any_server(ssl.TLSVersion.TLSv1_2)
    context.set_ciphers(cipher)
    async with serving(Certificates(pair)) as place:
        call = await place.call(context=context)
        assert await call.works()
        await call.close()


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_a_session_is_resumed(pair: Pair, live: Path, version: ssl.TLSVersion) -> None:
    """A caller that returns with a ticket needs no full handshake, also after a renewal."""
    context = any_server(version)
    async with serving(Certificates(pair, live)) as place:
        session = await asyncio.to_thread(shake_hands, place.port, context, None)
        make_pair(pair_in(live / "Cars.example"))
        place.certificates.refresh()
        assert await asyncio.to_thread(shake_hands, place.port, context, session) is None


def shake_hands(
    port: int, context: ssl.SSLContext, session: ssl.SSLSession | None
) -> ssl.SSLSession | None:
    """Connect, talk, leave; give the session to come back with, ``None`` if this one came back.

    On a plain socket: asyncio cannot resume.
    """
    with (
        socket.create_connection((HOST, port), PATIENCE) as plain,
        context.wrap_socket(plain, server_hostname="cars.example", session=session) as tls,
    ):
        tls.sendall(b"hello")
        assert tls.recv(5) == b"hello"
        return None if tls.session_reused else tls.session


@pytest.mark.parametrize(
    ("name", "folder"),
    [
        (None, None),
        ("default.example", None),
        ("unknown.example", None),
        ("cars.example", "Cars.example"),
        ("CARS.example", "Cars.example"),
        ("www.cars.example", "Cars.example"),
        ("fleet.example", "fleet.example"),
        ("one.fleet.example", "fleet.example"),
        ("a.one.fleet.example", None),
    ],
)
async def test_names(pair: Pair, live: Path, name: str | None, folder: str | None) -> None:
    """A caller gets the certificate of the name it asks for, else the default one."""
    async with serving(Certificates(pair, live)) as place:
        expected = pair if folder is None else pair_in(live / folder)
        assert await place.serial(name) == serial_in(expected.certificate)


# -- changes --------------------------------------------------------------------------------


async def test_a_renewed_certificate(pair: Pair, log: Log) -> None:
    """New callers get it; open connections go on."""
    async with serving(Certificates(pair)) as place:
        old = await place.call()
        place.certificates.refresh()
        assert log.lines("certificate loaded") == []
        make_pair(pair, ends=datetime(2040, 1, 2, tzinfo=UTC))
        assert await place.serial() == old.serial
        place.certificates.refresh()
        assert await place.serial() == serial_in(pair.certificate) != old.serial
        assert await old.works()
        await old.close()
    (line,) = log.lines("certificate loaded")
    assert (line["file"], line["expires"]) == (str(pair.certificate), "2040-01-02")


async def test_another_kind_of_key(pair: Pair) -> None:
    """A certificate with an RSA key takes the place of one with an EC key, and back."""
    async with serving(Certificates(pair)) as place:
        for key in (rsa.generate_private_key(65537, 2048), ec.generate_private_key(ec.SECP256R1())):
            make_pair(pair, key=key)
            place.certificates.refresh()
            assert await place.serial() == serial_in(pair.certificate)


async def test_links_that_are_moved(pair: Pair, tmp_path: Path) -> None:
    """Renewal by links to new files, as certbot does it, is seen."""
    old, new = (make_pair(pair_in(tmp_path / name)) for name in ("1", "2"))
    linked = Pair(tmp_path / "cert.pem", tmp_path / "key.pem")
    linked.certificate.symlink_to(old.certificate)
    linked.key.symlink_to(old.key)
    certificates = Certificates(linked)
    for link, target in ((linked.certificate, new.certificate), (linked.key, new.key)):
        link.unlink()
        link.symlink_to(target)
    certificates.refresh()
    assert certificates.default.ends == Certificates(new).default.ends
    async with serving(certificates) as place:
        assert await place.serial() == serial_in(new.certificate)


async def test_bad_files_leave_the_old_certificate(pair: Pair, log: Log) -> None:
    """Half-written, mismatching or missing files are logged once each; the old ones stay in use."""
    whole = pair.certificate.read_bytes()
    async with serving(Certificates(pair)) as place:
        before = await place.serial()
        pair.certificate.write_bytes(whole[:200])
        look(place.certificates)
        pair.certificate.write_bytes(whole)
        pair.key.write_bytes(key_pem(ec.generate_private_key(ec.SECP256R1())))
        look(place.certificates)
        pair.key.unlink()
        look(place.certificates)
        assert await place.serial() == before
        make_pair(pair)
        look(place.certificates)
        assert await place.serial() == serial_in(pair.certificate) != before
    assert [line["reason"] for line in log.lines("certificate cannot be used")] == [
        f"{pair.certificate} is not a certificate in PEM",
        f"{pair.key} is not the key of {pair.certificate}",
        f"{pair.key}: No such file or directory",
    ]


def look(certificates: Certificates) -> None:
    """Look for changes a few times, as time does."""
    for _ in range(3):
        certificates.refresh()


async def test_files_that_change_while_they_are_read(
    pair: Pair, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is being written is not judged until it stays as it is."""
    certificates = Certificates(pair)
    stamps = iter([((1,), (1,)), ((2,), (1,)), ((2,), (2,)), ((2,), (2,))])
    pair.key.write_bytes(b"half")
    monkeypatch.setattr(Pair, "stamp", property(lambda _: next(stamps)))
    certificates.refresh()
    assert log.lines("certificate cannot be used") == []
    certificates.refresh()
    assert len(log.lines("certificate cannot be used")) == 1


async def test_names_that_come_and_go(pair: Pair, live: Path, log: Log) -> None:
    """A new folder is used, a removed one no longer, and a bad one is logged once."""
    async with serving(Certificates(pair, live)) as place:
        new = make_pair(pair_in(live / "new.example"), "new.example")
        bad = make_pair(pair_in(live / "bad.example"), "bad.example")
        bad.key.unlink()
        look(place.certificates)
        assert await place.serial("new.example") == serial_in(new.certificate)
        assert await place.serial("bad.example") == serial_in(pair.certificate)
        for file in (new.certificate, new.key):
            file.unlink()
        look(place.certificates)
        assert await place.serial("new.example") == serial_in(pair.certificate)
        os.rename(live, live.parent / "gone")  # noqa: PTH104
        look(place.certificates)
        assert await place.serial("cars.example") != serial_in(pair.certificate)
    assert len(log.lines("certificate cannot be used")) == 1
    (line,) = log.lines("certificates cannot be listed")
    assert line["reason"] == f"{live}: No such file or directory"


# -- the end of a certificate ---------------------------------------------------------------


def test_the_end_is_told_in_time(pair: Pair, live: Path, log: Log) -> None:
    """From 14 days before the end once a day, after the end too, until it is renewed."""
    make_pair(pair, begins=NOW - DAY, ends=NOW + 20 * DAY)
    make_pair(pair_in(live / "Cars.example"), begins=NOW - DAY, ends=NOW + 900 * DAY)
    make_pair(pair_in(live / "fleet.example"), begins=NOW - DAY, ends=NOW + 900 * DAY)
    certificates = Certificates(pair, live)
    end = (NOW + 20 * DAY).timestamp()

    def told(now: float) -> list[str]:
        before = len(log.text)
        certificates.remind(now)
        certificates.remind(now)
        return ["expired" if "has expired" in line else "soon" if "soon" in line else line
                for line in log.text[before:].splitlines()]  # fmt: skip

    assert told(end - WARN_BEFORE) == []
    assert told(end - WARN_BEFORE + 1) == ["soon"]
    assert told(end - WARN_BEFORE + WARN_AGAIN) == []
    assert told(end - WARN_BEFORE + WARN_AGAIN + 1) == ["soon"]
    assert told(end - 1) == ["soon"]
    assert told(end + WARN_AGAIN) == ["expired"]
    assert told(end - 5) == ["soon"], "the clock was set back"
    line = log.lines("certificate has expired")[0]
    assert (line["file"], line["expires"]) == (str(pair.certificate), "2026-03-21")
    make_pair(pair, begins=NOW, ends=NOW + 21 * DAY)
    certificates.refresh()
    assert told(end) == ["soon"]
    make_pair(pair, begins=NOW, ends=NOW + 90 * DAY)
    certificates.refresh()
    assert told(end) == []


# -- from the settings ----------------------------------------------------------------------


def settings(data: Path, **options: object) -> ServerSettings:
    """Make settings."""
    return ServerSettings.model_validate({"data": data, **options})


def test_the_first_start_makes_a_pair(tmp_path: Path) -> None:
    """The next start keeps it; without TLS there is none."""
    assert open_certificates(settings(tmp_path, tls=False), NOW.timestamp()) is None
    assert list(tmp_path.iterdir()) == []
    first = open_certificates(settings(tmp_path), NOW.timestamp())
    assert first is not None
    made = (tmp_path / "tls" / "cert.pem").read_bytes()
    assert open_certificates(settings(tmp_path), NOW.timestamp()) is not None
    assert (tmp_path / "tls" / "cert.pem").read_bytes() == made


def test_a_start_that_was_cut_off(tmp_path: Path) -> None:
    """A key without its certificate is replaced; a certificate, which is trusted, is not."""
    open_certificates(settings(tmp_path), NOW.timestamp())
    certificate, key = tmp_path / "tls" / "cert.pem", tmp_path / "tls" / "key.pem"
    certificate.unlink()
    open_certificates(settings(tmp_path), NOW.timestamp())
    key.unlink()
    with pytest.raises(BadCertificate, match=r"key\.pem: No such file"):
        open_certificates(settings(tmp_path), NOW.timestamp())
    with pytest.raises(BadCertificate, match=r"key\.pem: No such file"):
        check_certificates(settings(tmp_path), NOW.timestamp())


def test_a_configured_pair(tmp_path: Path, pair: Pair, live: Path, log: Log) -> None:
    """Paths are relative to the data folder; nothing is made; its end is logged at the start."""
    make_pair(pair, begins=NOW - DAY, ends=NOW + DAY)
    options = {"tls_cert": "default/fullchain.pem", "tls_key": "default/privkey.pem",
               "tls_names": "live"}  # fmt: skip
    certificates = open_certificates(settings(tmp_path, **options), NOW.timestamp())
    assert certificates is not None
    assert certificates.default.pair == pair
    assert certificates.find("cars.example").pair == pair_in(live / "Cars.example")
    assert not (tmp_path / "tls").exists()
    assert len(log.lines("certificate expires soon")) == 1


def test_a_configured_pair_that_is_missing(tmp_path: Path) -> None:
    """It is not made in its place, and neither is a folder of names."""
    options = {"tls_cert": "a.pem", "tls_key": "b.pem"}
    for use in (open_certificates, check_certificates):
        with pytest.raises(BadCertificate, match=r"a\.pem: No such file"):
            use(settings(tmp_path, **options), NOW.timestamp())
        with pytest.raises(BadCertificate, match="nowhere: No such file"):
            use(settings(tmp_path, tls_names="nowhere"), NOW.timestamp())


def test_a_check_judges_everything(tmp_path: Path, pair: Pair, live: Path) -> None:
    """An expired certificate, or one bad pair among the names, is no good start."""
    options = {"tls_cert": pair.certificate, "tls_key": pair.key, "tls_names": live}
    now = datetime.now(UTC)
    check_certificates(settings(tmp_path, **options), now.timestamp())
    with pytest.raises(BadCertificate, match=r"default/fullchain\.pem expired on "):
        check_certificates(settings(tmp_path, **options), (now + 91 * DAY).timestamp())
    pair_in(live / "fleet.example").key.write_bytes(b"")
    with pytest.raises(BadCertificate, match=r"privkey\.pem is not a key in PEM"):
        check_certificates(settings(tmp_path, **options), now.timestamp())
    check_certificates(settings(tmp_path, tls=False, **options), now.timestamp())
    check_certificates(settings(tmp_path / "new"), now.timestamp())
    assert not (tmp_path / "new").exists()


def test_pairs_of_a_folder(live: Path) -> None:
    """Files and folders without a pair are passed over; names have no case."""
    assert list_pairs(live) == {
        "cars.example": pair_in(live / "Cars.example"),
        "fleet.example": pair_in(live / "fleet.example"),
    }


def test_when_each_ends(pair: Pair, live: Path) -> None:
    """Each certificate is told with its end, by its folder's name."""
    ends = Certificates(pair, live).ends()
    assert set(ends) == {"default", *list_pairs(live)}
    assert all(end > NOW.timestamp() for end in ends.values())
