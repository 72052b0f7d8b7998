"""One end of a link by ISO-TP (ISO 15765-2), with the library can-isotp.

The library's timers use real time and ours do not, so they are set so long that they never expire.
The caller gives up what takes too long.
"""

from __future__ import annotations

import logging

from isotp import Address, AddressingMode, CanMessage, TransportLayerLogic

from ovms.car.frames import Frame

LONGEST_ANSWER = 4095
"""Bytes of a payload. Longer ones are refused."""

FRAME_BYTES = 8
"""Bytes of a frame. OBD-II requires full frames."""

PADDING = b"\0"
"""The padding of frames. ISO 15765-4 does not fix it."""

LIBRARYS_PATIENCE = 86_400_000
"""Milliseconds."""

LOGGER = "ovms.isotp"

_PARAMETERS = {
    "blocksize": 0,  # an answer comes without pauses
    "stmin": 0,
    "max_frame_size": LONGEST_ANSWER,
    "tx_padding": PADDING[0],
    "tx_data_length": FRAME_BYTES,
    "rx_consecutive_frame_timeout": LIBRARYS_PATIENCE,
    "rx_flowcontrol_timeout": LIBRARYS_PATIENCE,
    "logger_name": LOGGER,
    "wait_func": lambda _: None,  # otherwise the library measures how to sleep
}

logging.getLogger(LOGGER).setLevel(logging.CRITICAL)  # it warns of each frame that does not fit


class IsoTpEndpoint:
    """One end of a link: frames in, whole payloads out, and back. It never fails."""

    def __init__(self, send_id: int, receive_id: int, is_extended: bool) -> None:
        self._in: list[CanMessage] = []
        self._out: list[Frame] = []
        self._now = 0.0
        mode = AddressingMode.Normal_29bits if is_extended else AddressingMode.Normal_11bits
        self._layer = TransportLayerLogic(
            lambda _: self._in.pop() if self._in else None,
            self._put_out,
            Address(mode, txid=send_id, rxid=receive_id),
            params=_PARAMETERS,
        )

    def _put_out(self, message: CanMessage) -> None:
        self._out.append(
            Frame(self._now, message.arbitration_id, bytes(message.data), message.is_extended_id)
        )

    def receive(self, frame: Frame, now: float, *, listens: bool = False) -> list[bytes]:
        """Handle a frame. Return the payloads that it completes.

        An end that only ``listens`` does not tell the other end to go on with a long payload.
        """
        self._layer.params.listen_mode = listens
        extended = frame.is_extended
        self._in.append(CanMessage(frame.id, len(frame.data), frame.data, extended_id=extended))
        self.process(now)
        payloads = iter(self._layer.recv, None)
        return [bytes(payload) for payload in payloads]

    def send(self, payload: bytes, now: float) -> None:
        """Send a payload of up to 4095 bytes, after those that are being sent."""
        self._layer.params.listen_mode = False
        self._layer.send(payload)
        self.process(now)

    def process(self, now: float) -> None:
        """Go on with sending and receiving."""
        self._now = now
        self._layer.process()

    @property
    def is_receiving(self) -> bool:
        """Whether a long payload is incomplete."""
        return self._layer.is_rx_active()

    @property
    def is_sending(self) -> bool:
        """Whether a payload is not sent completely."""
        return self._layer.transmitting()

    def take(self) -> list[Frame]:
        """Return the frames to send now. They count as sent."""
        out, self._out = self._out, []
        return out

    def reset(self) -> None:
        """Drop everything that is under way."""
        self._layer.reset()
        self._out.clear()
