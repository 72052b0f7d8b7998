"""Welcomes that were overheard and proved nothing where they were said.

They may be right elsewhere: for the vehicle that was meant by a mistyped or missing id, for another
one whose secret was said, at the port that was meant, or once the database is back.
"""

from __future__ import annotations

STRAYS_LIMIT = 20_000
"""Digests that are remembered, some 130 bytes each; the oldest go."""

DIGEST_LENGTH = 22
"""Characters of a digest without its padding."""


class StrayDigests:
    """Their digests, while the server runs."""

    def __init__(self) -> None:
        self._digests: dict[str, None] = {}

    def __contains__(self, digest: str) -> bool:
        """Return whether a digest was said, padded or not."""
        return digest.rstrip("=") in self._digests

    def __len__(self) -> int:
        """Return how many are remembered."""
        return len(self._digests)

    def put(self, digest: str) -> None:
        """Remember a digest; what cannot be one is passed over."""
        digest = digest.rstrip("=")
        if len(digest) != DIGEST_LENGTH:
            return
        self._digests[digest] = None
        if len(self._digests) > STRAYS_LIMIT:
            del self._digests[next(iter(self._digests))]

    def put_line(self, line: bytes) -> None:
        """Remember the digest, the fourth word, of a line that is no welcome.

        Its vehicle id or its end may be missing, or it came where TLS is spoken.
        """
        for word in line.split(maxsplit=4)[3:4]:
            self.put(word.decode("latin-1"))
