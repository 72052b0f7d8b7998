"""What all tables share: where they are gathered, and how ids are kept."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Integer, MetaData

BIG: Final = BigInteger().with_variant(Integer(), "sqlite")
"""64 bits, for ids, counts and what cars and other servers send.

SQLite has 64 bits in any case, and numbers rows by itself only in a key that is called INTEGER.
"""

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)
