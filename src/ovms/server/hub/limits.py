"""How much whoever knows a right secret may have in the rooms: the bounds that are settings."""

from __future__ import annotations

from dataclasses import dataclass

APPS_A_VEHICLE = 50
"""Apps of one vehicle: a family's telephones and tablets, each with a dead connection or two."""

BATCH_A_VEHICLE = 50
"""Batch clients of one vehicle; they are counted by themselves, so scripts shut no telephone out.
"""

GROUPS_A_CLIENT = 32
"""Groups one client may watch."""

GROUP_MESSAGES = 2000
"""Positions that all groups together send in a second: a tenth of what a processor can."""


@dataclass(frozen=True, slots=True)
class HubLimits:
    """What an operator can set of the bounds in the rooms."""

    apps: int = APPS_A_VEHICLE
    batch: int = BATCH_A_VEHICLE
    groups: int = GROUPS_A_CLIENT
    group_messages: int = GROUP_MESSAGES
