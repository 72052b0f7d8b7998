"""What keeps an import from being done; ``str()`` of each is one line for an operator."""

from __future__ import annotations


class SourceError(Exception):
    """The other server's database cannot be read, or is none."""
