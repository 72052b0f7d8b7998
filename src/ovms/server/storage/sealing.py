"""Making a record of auto-provisioning: parameters in clear become what is kept and sent.

The parameters are those of a module from number 0 on, words with blanks between. They are sealed
with the number of the SIM card (ICCID); neither is kept.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ovms.protocol.crypto import make_token
from ovms.protocol.welcome import ProvisionRecord
from ovms.server.storage import names
from ovms.server.storage.errors import InvalidValue

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def check_parameters(words: Sequence[str]) -> None:
    """Raise :class:`InvalidValue` for a parameter that is no word."""
    for number, word in enumerate(words):
        # They are passwords in part: not repeated here.
        if word.split() != [word] or not word.isprintable():
            reason = "is empty or holds a blank, which separates parameters"
            raise InvalidValue(f"parameter {number} {reason}")


def check_iccid(text: str) -> str:
    """Return the number of a SIM card without blanks around it. Raises :class:`InvalidValue`."""
    iccid = text.strip()
    if not iccid:
        raise InvalidValue("the ICCID is empty")
    if iccid.split() != [iccid]:
        raise InvalidValue("the ICCID holds a blank: give its digits without")
    return names.secret(iccid)


def seal_parameters(
    iccid: str, words: Sequence[str], random: Callable[[int], bytes] = os.urandom
) -> ProvisionRecord:
    """Return parameters as a record that opens with the ICCID. Raises :class:`InvalidValue`."""
    check_parameters(words)
    return ProvisionRecord.seal(check_iccid(iccid), make_token(random), " ".join(words))
