"""The floor: the least that a server in Python does for what ours does.

It shakes hands, deciphers, splits lines, keeps the latest message of each code in a dict, answers
``A`` and ``h``, relays between a car and its apps, and stores nothing. It trusts what it reads:
there are no bounds, no pacing and no time-outs. All lines of a read are deciphered, and all of an
answer enciphered, in one call of RC4.

``python -m benchmarks.speed.floor [CERTIFICATE KEY]`` prints its ports as JSON, the second with
TLS, and serves until it is killed.
"""

from __future__ import annotations

import asyncio
import gc
import hmac
import json
import os
import socket
import ssl
import sys
from binascii import a2b_base64, b2a_base64
from collections import deque
from typing import cast

import uvloop

from ovms.protocol.crypto import StreamCipher, make_token, stream

JUST_NOW = b"MP-0 T0"
"""What an app gets behind each message of its car."""

STORED = b"DFLSVWYf"
"""Codes of a car's messages that are kept and relayed."""


class FloorVehicle:
    """Who is connected to one vehicle, and its latest messages."""

    __slots__ = ("apps", "askers", "car", "latest")

    def __init__(self) -> None:
        self.car: FloorConnection | None = None
        self.apps: list[FloorConnection] = []
        self.askers: deque[FloorConnection] = deque()
        """Whose commands the car has not answered, oldest first."""
        self.latest: dict[int, bytes] = {}


class FloorConnection(asyncio.Protocol):
    """One car or app."""

    __slots__ = (
        "_decipher",
        "_encipher",
        "_is_car",
        "_rest",
        "_transport",
        "_vehicle",
        "_vehicles",
    )

    def __init__(self, vehicles: dict[bytes, FloorVehicle]) -> None:
        self._vehicles = vehicles
        self._rest = b""
        self._decipher: StreamCipher | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Have what is written sent at once."""
        self._transport = cast("asyncio.Transport", transport)
        connection = transport.get_extra_info("socket")
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def connection_lost(self, error: Exception | None) -> None:
        """Leave the vehicle."""
        if self._decipher is None:
            return
        if not self._is_car:
            self._vehicle.apps.remove(self)
        elif self._vehicle.car is self:
            self._vehicle.car = None

    def data_received(self, data: bytes) -> None:
        """Handle whole lines; keep the rest."""
        if self._rest:
            data = self._rest + data
        *lines, self._rest = data.split(b"\r\n")
        if self._decipher is None:
            if not lines:
                return
            self._welcome(lines.pop(0))
        if lines and self._decipher is not None:
            self._read(lines)

    def _welcome(self, line: bytes) -> None:
        role, _, token, digest, vehicle_id = line.split()
        secret = b"secret of " + vehicle_id
        if not hmac.compare_digest(_digest(secret, token), digest.rstrip(b"=")):
            self._transport.close()
            return
        own = make_token(os.urandom).encode()
        self._transport.write(b"MP-S 0 %b %b==\r\n" % (own, _digest(secret, own)))
        key = hmac.digest(secret, own + token, "md5")
        self._decipher, self._encipher = stream(key), stream(key)
        vehicle = self._vehicles.get(vehicle_id)
        if vehicle is None:
            vehicle = self._vehicles[vehicle_id] = FloorVehicle()
        self._vehicle = vehicle
        self._is_car = role == b"MP-C"
        if self._is_car:
            vehicle.car = self
        else:
            vehicle.apps.append(self)
            there = b"MP-0 Z0" if vehicle.car is None else b"MP-0 Z1"
            self.send([there, *vehicle.latest.values(), JUST_NOW])

    def _read(self, lines: list[bytes]) -> None:
        assert self._decipher is not None
        if len(lines) == 1:
            plain = [self._decipher.update(a2b_base64(lines[0]))]
        else:
            ciphered = [a2b_base64(line) for line in lines]
            text = self._decipher.update(b"".join(ciphered))
            plain, at = [], 0
            for each in ciphered:
                end = at + len(each)
                plain.append(text[at:end])
                at = end
        if self._is_car:
            self._from_car(plain)
        else:
            self._from_app(plain)

    def _from_car(self, lines: list[bytes]) -> None:
        vehicle = self._vehicle
        latest, apps = vehicle.latest, vehicle.apps
        answers: list[bytes] = []
        relayed: list[bytes] = []
        for line in lines:
            code = line[5]
            if code in STORED:
                latest[code] = line
                if apps:
                    relayed += line, JUST_NOW
            elif code == 104:  # h
                answers.append(line[: line.index(b",")])
            elif code == 65:  # A
                answers.append(b"MP-0 a")
            elif code == 99 and vehicle.askers:  # c
                vehicle.askers.popleft().send([line])
        if answers:
            self.send(answers)
        if relayed:
            for app in apps:
                app.send(relayed)

    def _from_app(self, lines: list[bytes]) -> None:
        vehicle = self._vehicle
        for line in lines:
            code = line[5]
            if code == 65:  # A
                self.send([b"MP-0 a"])
            elif vehicle.car is not None:
                if code == 67:  # C
                    vehicle.askers.append(self)
                vehicle.car.send([line])

    def send(self, lines: list[bytes]) -> None:
        """Send lines, all at once."""
        if len(lines) == 1:
            ciphered = self._encipher.update(lines[0])
            self._transport.write(b2a_base64(ciphered, newline=False) + b"\r\n")
            return
        text = self._encipher.update(b"".join(lines))
        written, at = [], 0
        for line in lines:
            end = at + len(line)
            written.append(b2a_base64(text[at:end], newline=False))
            at = end
        written.append(b"")
        self._transport.write(b"\r\n".join(written))


def _digest(secret: bytes, token: bytes) -> bytes:
    return b2a_base64(hmac.digest(secret, token, "md5"), newline=False).rstrip(b"=")


async def serve(tls: ssl.SSLContext | None) -> None:
    """Serve until killed; print the ports as JSON when connections can come."""
    loop = asyncio.get_running_loop()
    vehicles: dict[bytes, FloorVehicle] = {}
    ports = []
    for context in (None, tls):
        server = await loop.create_server(
            lambda: FloorConnection(vehicles), "127.0.0.1", 0, ssl=context, backlog=4096
        )
        ports.append(server.sockets[0].getsockname()[1])
    print(json.dumps({"mp": ports[0], "mp_tls": ports[1]}), flush=True)
    gc.collect()
    gc.disable()  # it makes no garbage that needs collecting
    await asyncio.Event().wait()


def main() -> None:
    """Serve, with TLS if there is a certificate."""
    tls = None
    if len(sys.argv) > 2:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(sys.argv[1], sys.argv[2])
    uvloop.run(serve(tls))


if __name__ == "__main__":
    main()
