"""Types that several steps use."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

BIG: Final = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
"""64 bits in every database; see :data:`ovms.server.storage.schema.BIG`."""
