from __future__ import annotations

import pytest

from ovms.protocol import errors

TREE = [
    (errors.LocalProtocolError, errors.ProtocolError),
    (errors.RemoteProtocolError, errors.ProtocolError),
    (errors.LineTooLong, errors.RemoteProtocolError),
    (errors.NotAWelcome, errors.RemoteProtocolError),
    (errors.AuthenticationFailed, errors.RemoteProtocolError),
    (errors.UnreadableLine, errors.RemoteProtocolError),
]


@pytest.mark.parametrize(("error", "parent"), TREE)
def test_tree(error: type[Exception], parent: type[Exception]) -> None:
    """The errors form the tree that the module draws, and the drawing names them all."""
    assert error.__base__ is parent
    assert error.__name__ in str(errors.__doc__)


def test_tree_is_whole() -> None:
    """There is no error outside of the tree."""
    found = {e for e in vars(errors).values() if isinstance(e, type)}
    assert found == {error for error, _ in TREE} | {errors.ProtocolError}


def test_line_too_long() -> None:
    """A line that is too long tells the bound, as a number and in words."""
    error = errors.LineTooLong(1024)
    assert error.limit == 1024
    assert str(error) == "line longer than 1024 bytes"
