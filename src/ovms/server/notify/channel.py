"""A notification channel: one class a type of subscription, ours and other packages' alike.

The class carries all that is known of a type: which keys it takes, how they are shown, who may
subscribe, its settings, and how it sends. Another package adds one by an entry point of the group
``ovms.channels``; ``docs/extending.md`` shows how.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict

from ovms.server.notify.errors import NotDelivered


@dataclass(frozen=True, slots=True)
class Notice:
    """What is delivered: the alerts of one event. ``id`` stays the same when it is sent again."""

    id: str
    vehicle_name: str
    title: str
    body: str = field(repr=False)
    created: float
    kind: str = ""
    """Of the most urgent alert, an :class:`~ovms.protocol.records.alert.AlertKind`; empty for a
    test."""


class NoSettings(BaseModel):
    """The settings of a channel that has none."""

    model_config = ConfigDict(extra="forbid")


class Channel(ABC):
    """A way to reach people. Making one connects nothing; ``settings`` is a valid one of its own.

    A channel may only wait in ``await``: it shares the event loop of the server.
    """

    push_type: ClassVar[str]
    """The type of its subscriptions: lower-case letters, digits, ``-`` and ``_``."""

    settings: ClassVar[type[BaseModel]] = NoSettings
    """The model of its settings, which stand in the table ``[channels.TYPE]`` of ovms.toml."""

    key_hint: ClassVar[str] = ""
    """What a key looks like, for people: a few words."""

    is_for_apps: ClassVar[bool] = False
    """Apps may subscribe themselves. Otherwise only the operator can."""

    is_renewed: ClassVar[bool] = False
    """Apps subscribe again at each login. So at the limit of a vehicle's subscriptions, the one of
    these that was not renewed for the longest time is removed."""

    def __init__(self, settings: Any) -> None:  # noqa: B027 (most keep them)
        """Prepare to send with these settings."""

    @classmethod
    def key_problem(cls, key: str) -> str | None:
        """Return what is wrong with a key, without repeating it; ``None`` if nothing is.

        Its length and characters have been checked (:mod:`ovms.server.notify.keys`).
        """
        return None

    @classmethod
    def receiver(cls, key: str) -> str:
        """Return whom a key names, in one spelling: who is named by two keys is told once."""
        return key

    @classmethod
    def mask(cls, key: str) -> str:
        """Return a key as it may be shown; a token's last characters unless overridden."""
        return f"…{key[-4:]}" if len(key) >= 16 else "***"

    @classmethod
    def missing(cls, settings: Any) -> str | None:
        """Return what is missing until the channel can send, ``None`` if nothing is.

        Its subscriptions are kept meanwhile, and wait.
        """
        return None

    @abstractmethod
    async def send(self, key: str, notice: Notice) -> None:
        """Deliver a notice. May be cancelled.

        Raises :class:`~ovms.server.notify.errors.NotDelivered`, or
        :class:`~ovms.server.notify.errors.Gone` if the subscription is to end.
        """

    async def close(self) -> None:  # noqa: B027 (many keep no connection)
        """Close connections. May be called again."""


class WaitingChannel(Channel):
    """A type that cannot be delivered yet; its subscriptions are kept."""

    is_for_apps = True
    is_renewed = True

    @classmethod
    def missing(cls, settings: Any) -> str | None:
        """Return that it is not built."""
        return f"{cls.push_type} is not built"

    async def send(self, key: str, notice: Notice) -> None:
        """Fail."""
        raise NotDelivered(f"{self.push_type} is not built")
