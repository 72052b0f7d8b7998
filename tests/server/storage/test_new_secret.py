from __future__ import annotations

from ovms.server.storage import names
from ovms.server.storage.new_secret import MADE_OF, SECRET_LENGTH, make_secret


def test_a_new_secret() -> None:
    """Each is another one, of characters that nobody mistakes, and may be stored."""
    made = {make_secret() for _ in range(50)}
    assert len(made) == 50
    for secret in made:
        assert len(names.secret(secret)) == SECRET_LENGTH
        assert set(secret) <= set(MADE_OF) - set("lI0O1")
