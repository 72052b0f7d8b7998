"""The root of the exceptions that programs built on :mod:`ovms.app` may have to handle."""

from __future__ import annotations


class Error(Exception):
    """Anything that the network and the app's library raise on purpose."""
