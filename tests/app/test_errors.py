"""The exceptions of the library are one tree, and all of them can be named by its users."""

from __future__ import annotations

import re

import pytest

from ovms import app
from ovms.app import errors
from ovms.base.errors import Error

EXCEPTIONS = [
    value
    for name in errors.__all__
    if isinstance(value := getattr(errors, name), type) and issubclass(value, Exception)
]


@pytest.mark.parametrize("kind", EXCEPTIONS)
def test_each_is_in_the_tree_and_is_public(kind: type[Exception]) -> None:
    """One ``except app.Error`` catches them all, and the page of the tree draws each."""
    assert issubclass(kind, Error)
    assert getattr(app, kind.__name__) is kind
    assert kind.__name__ in app.__all__
    assert kind.__name__ in re.findall(r"\w+", errors.__doc__ or "")


def test_wrong_use_is_also_a_builtin_error() -> None:
    """Callers that know only Python's own words for it need not learn ours."""
    assert issubclass(app.InvalidRequest, ValueError)
    assert issubclass(app.AnswerInUse, RuntimeError)
