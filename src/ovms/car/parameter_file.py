"""The file in which the module's parameters survive: ``DIR/parameters.json``.

A JSON object, numbers to values, readable for its owner only: passwords are in it. It is written
whole, so a power cut leaves the old file or the new one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from ovms.base.logs import get_logger
from ovms.base.paths import make_private_dir, write_whole

log = get_logger("ovms.car")

FILE_NAME = "parameters.json"
DAMAGED_SUFFIX = ".damaged"

LARGEST_FILE = 64 * 1024
"""Bytes; 32 parameters of 255 bytes, each byte escaped, are less. A larger file is none of ours."""


class ParameterFile:
    """The parameters of one module, in a folder that is made if it is missing.

    Raises :class:`OSError` if that cannot be made.
    """

    def __init__(self, folder: Path) -> None:
        make_private_dir(folder)
        self._path = folder / FILE_NAME

    def load(self) -> dict[int, str]:
        """Return what was saved last. A file that is damaged is set aside, and that is logged.

        Raises :class:`OSError` for one that cannot be read at all: what is in it must not be
        overwritten.
        """
        try:
            with self._path.open("rb") as file:
                data = file.read(LARGEST_FILE + 1)
        except FileNotFoundError:
            return {}
        try:
            return _read(data)
        except ValueError:
            aside = self._path.with_name(FILE_NAME + DAMAGED_SUFFIX)
            self._path.replace(aside)
            log.error("damaged parameters set aside", file=str(aside))
            return {}

    def save(self, values: Mapping[int, str]) -> None:
        """Keep these, whole. Raises :class:`OSError`, and then keeps the former ones."""
        text = json.dumps({str(number): values[number] for number in sorted(values)}, indent=1)
        write_whole(self._path, text.encode() + b"\n", 0o600)


def _read(data: bytes) -> dict[int, str]:
    """Read the file; :class:`ValueError` for what we never wrote."""
    if len(data) > LARGEST_FILE:
        raise ValueError
    try:
        found = json.loads(data)
    except RecursionError:
        raise ValueError from None
    if not isinstance(found, dict) or not all(isinstance(each, str) for each in found.values()):
        raise ValueError
    return {int(number): value for number, value in found.items()}
