"""The file that keeps the module's parameters over a restart: ``DIR/parameters.json``.

It is a JSON object of numbers and values. Only its owner can read it, because it holds passwords.
It is replaced as a whole, so a power cut leaves the old file or the new one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from ovms.base.logs import get_logger
from ovms.base.paths import make_private_dir, set_aside, write_whole

log = get_logger("ovms.car")

FILE_NAME = "parameters.json"

LARGEST_FILE = 64 * 1024
"""Bytes. 32 parameters of 255 bytes, each byte escaped, are less, so a larger file is damaged."""


class ParameterFile:
    """The parameters of one module, in a folder that is created if it is missing.

    Raise :class:`OSError` if it cannot be created.
    """

    def __init__(self, folder: Path) -> None:
        make_private_dir(folder)
        self._path = folder / FILE_NAME

    def load(self) -> dict[int, str]:
        """Return what was saved last. Set a damaged file aside, and log that.

        Raise :class:`OSError` for a file that cannot be read, which must not be overwritten.
        """
        try:
            with self._path.open("rb") as file:
                data = file.read(LARGEST_FILE + 1)
        except FileNotFoundError:
            return {}
        try:
            return _read(data)
        except ValueError:
            log.error("damaged parameters set aside", file=str(set_aside(self._path)))
            return {}

    def save(self, values: Mapping[int, str]) -> None:
        """Replace the file. Raise :class:`OSError` if that fails; then the old values stay."""
        text = json.dumps({str(number): values[number] for number in sorted(values)}, indent=1)
        write_whole(self._path, text.encode() + b"\n", 0o600)


def _read(data: bytes) -> dict[int, str]:
    """Return what is in the file. Raise :class:`ValueError` if it is damaged."""
    if len(data) > LARGEST_FILE:
        raise ValueError
    try:
        found = json.loads(data)
    except RecursionError:
        raise ValueError from None
    if not isinstance(found, dict) or not all(isinstance(each, str) for each in found.values()):
        raise ValueError
    return {int(number): value for number, value in found.items()}
