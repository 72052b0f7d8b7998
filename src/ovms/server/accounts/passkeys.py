"""Passkeys: what a browser is asked, and whether its answer proves a credential.

A challenge is made and found again without a memory: it bears what it is for, the end of its time,
and a keyed hash of both. So no flood of questions crowds out anybody's. What proved something is
remembered until its time is over, and proves nothing again. Pure: the caller gives the time.
"""

from __future__ import annotations

import json
import os
import threading
from base64 import urlsafe_b64decode
from dataclasses import dataclass
from hashlib import blake2b
from hmac import compare_digest
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import options_to_json_dict
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from ovms.server.accounts.errors import Busy, LoginRefused
from ovms.server.accounts.places import Places

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ovms.server.values import Passkey

CHALLENGE_LIFE: Final = 300.0
"""Seconds in which a challenge must be answered."""

USED_LIMIT: Final = 10_000
"""Challenges that proved something and are remembered until their time is over."""

CHECK_LIMIT: Final = 100
"""Answers that are checked at once, a millisecond each."""

CHECK_SHARE: Final = 20
"""Of those, answers from one network."""

LOGGING_IN: Final = 0
"""Stands for an owner where nobody is known yet; owners' ids begin at 1."""

TIME_BYTES: Final = 8
RANDOM_BYTES: Final = 16
MARK_BYTES: Final = 16

DEFAULT_PORTS: Final = {"http": 80, "https": 443}


class CounterWentBack(LoginRefused):
    """The counter of a passkey went back: somebody has a copy of it."""


@dataclass(frozen=True, slots=True)
class Site:
    """Where the server's pages are, as browsers see them."""

    rp_id: str
    """The name of its host, to which passkeys are bound."""
    origin: str

    @classmethod
    def of(cls, public_url: str) -> Site:
        """Return the site of the setting ``public_url``."""
        parts = urlsplit(public_url)
        host = parts.hostname or ""
        shown = f"[{host}]" if ":" in host else host
        is_default = parts.port in (None, DEFAULT_PORTS.get(parts.scheme))
        return cls(host, f"{parts.scheme}://{shown}" + ("" if is_default else f":{parts.port}"))


@dataclass(frozen=True, slots=True)
class NewCredential:
    """A credential that a browser has made and proved."""

    id: bytes
    public_key: bytes
    sign_count: int


class PasskeyChecks:
    """Asks browsers for passkeys, and checks what they answer."""

    def __init__(self, random: Callable[[int], bytes] = os.urandom) -> None:
        self._random = random
        self._key = random(32)
        self._used: dict[bytes, float] = {}
        self._lock = threading.Lock()
        self.places = Places(CHECK_LIMIT, CHECK_SHARE)
        """Answers that are being checked; without a free place :class:`Busy` is raised."""

    def registration(
        self, site: Site, owner_id: int, owner: str, known: Iterable[Passkey], now: float
    ) -> dict[str, Any]:
        """Return what a browser needs to make a credential, in JSON's types."""
        options = generate_registration_options(
            rp_id=site.rp_id,
            rp_name="OVMS",
            user_name=owner,
            user_id=_handle(owner_id),
            challenge=self._challenge(owner_id, now),
            timeout=int(CHALLENGE_LIFE * 1000),
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED,
                require_resident_key=True,
                user_verification=UserVerificationRequirement.REQUIRED,
            ),
            exclude_credentials=[PublicKeyCredentialDescriptor(id=each.credential)
                                 for each in known],
        )  # fmt: skip
        return options_to_json_dict(options)

    def login(self, site: Site, now: float) -> dict[str, Any]:
        """Return what a browser needs to log in whoever has a passkey for the site."""
        options = generate_authentication_options(
            rp_id=site.rp_id,
            challenge=self._challenge(LOGGING_IN, now),
            timeout=int(CHALLENGE_LIFE * 1000),
            user_verification=UserVerificationRequirement.REQUIRED,
        )
        return options_to_json_dict(options)

    def check_new(
        self, site: Site, owner_id: int, credential: dict[str, Any], now: float
    ) -> NewCredential:
        """Return a credential that a browser has made. Raises :class:`LoginRefused`."""
        challenge = self._answered(credential, owner_id, now)
        try:
            found = verify_registration_response(
                credential=credential,
                expected_challenge=challenge,
                expected_rp_id=site.rp_id,
                expected_origin=site.origin,
                require_user_verification=True,
            )
        except Exception as error:  # whatever strangers' bytes bring about
            raise LoginRefused from error
        self._use(challenge, now)
        return NewCredential(found.credential_id, found.credential_public_key, found.sign_count)

    def check_login(
        self, site: Site, passkey: Passkey, credential: dict[str, Any], now: float
    ) -> int:
        """Return the new count of a passkey that logs its owner in.

        Raises :class:`LoginRefused`, or :class:`CounterWentBack`.
        """
        challenge = self._answered(credential, LOGGING_IN, now)
        try:
            found = verify_authentication_response(
                credential=credential,
                expected_challenge=challenge,
                expected_rp_id=site.rp_id,
                expected_origin=site.origin,
                credential_public_key=passkey.public_key,
                credential_current_sign_count=0,  # looked at below
                require_user_verification=True,
            )
            handle = credential["response"].get("userHandle")
            is_owners = handle is None or _bytes(handle) == _handle(passkey.owner_id)
        except Exception as error:  # whatever strangers' bytes bring about
            raise LoginRefused from error
        if not is_owners:
            raise LoginRefused
        self._use(challenge, now)
        new, old = found.new_sign_count, passkey.sign_count
        if (new or old) and new <= old:
            raise CounterWentBack
        return new

    def _challenge(self, owner_id: int, now: float) -> bytes:
        end = int(now + CHALLENGE_LIFE).to_bytes(TIME_BYTES)
        content = end + self._random(RANDOM_BYTES)
        return content + self._mark(content, owner_id)

    def _mark(self, content: bytes, owner_id: int) -> bytes:
        said = content + owner_id.to_bytes(8)
        return blake2b(said, key=self._key, digest_size=MARK_BYTES).digest()

    def _answered(self, credential: dict[str, Any], owner_id: int, now: float) -> bytes:
        """Return the challenge that was answered, if it is ours and was not used."""
        try:
            challenge = _bytes(json.loads(_bytes(credential["response"]["clientDataJSON"]))
                               ["challenge"])  # fmt: skip
        except Exception as error:  # whatever strangers' bytes bring about
            raise LoginRefused from error
        content, mark = challenge[:-MARK_BYTES], challenge[-MARK_BYTES:]
        is_ours = compare_digest(mark, self._mark(content, owner_id))
        if not is_ours or int.from_bytes(content[:TIME_BYTES]) < now or challenge in self._used:
            raise LoginRefused
        return challenge

    def _use(self, challenge: bytes, now: float) -> None:
        """Remember a challenge until its time is over. Raises :class:`Busy` past the limit."""
        with self._lock:  # threads check at the same time
            if len(self._used) >= USED_LIMIT:
                self._used = {each: end for each, end in self._used.items() if end >= now}
            if len(self._used) >= USED_LIMIT:
                raise Busy
            if challenge in self._used:
                raise LoginRefused
            self._used[challenge] = int.from_bytes(challenge[:TIME_BYTES])


def credential_id(credential: dict[str, Any]) -> bytes:
    """Return the id of the credential that a browser answers with. Raises :class:`LoginRefused`."""
    try:
        return _bytes(credential["rawId"])
    except Exception as error:  # whatever strangers' bytes bring about
        raise LoginRefused from error


def _handle(owner_id: int) -> bytes:
    """Return what an authenticator keeps of an owner."""
    return owner_id.to_bytes(8)


def _bytes(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
