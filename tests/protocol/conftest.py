"""How long hypothesis may take: as long as it needs, for other programs share the processors."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("protocol", deadline=None, database=None, print_blob=True)
settings.load_profile("protocol")
