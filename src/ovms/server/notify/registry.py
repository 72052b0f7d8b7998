"""Which channels there are: our own, and those of other packages.

What cannot be used of another package is logged in one line that names the package, and left out.
It never stops the server.
"""

from __future__ import annotations

import inspect
import pkgutil
import re
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any, Final

from pydantic import BaseModel, Field

from ovms.base.logs import get_logger
from ovms.base.plugins import BrokenPlugin, Plugin, find_plugins
from ovms.base.settings import SettingsError, read_table
from ovms.server.notify import channels
from ovms.server.notify.channel import Channel

GROUP: Final = "ovms.channels"
"""The entry points by which other packages add channels."""

ChannelTypes = Mapping[str, type[Channel]]
"""The channels' classes by their types."""

_TYPE = re.compile(r"[a-z][a-z0-9_-]{0,31}")

log = get_logger("ovms.server.notify")


class ChannelTables(BaseModel):
    """The part of the server's settings that all channels share."""

    channels: dict[str, dict[str, Any]] = Field(
        default_factory=dict,
        description="Settings of channels that other packages add: a table [channels.TYPE] each.",
    )


def find_types() -> ChannelTypes:
    """Return the classes of all channels."""
    found = {channel.push_type: channel for channel in _our_own()}
    for plugin in find_plugins(GROUP):
        try:
            channel = _loaded(plugin, found)
        except BrokenPlugin as error:
            reason = " ".join(str(error).split())
            log.error("a package's channel cannot be used", package=plugin.package, reason=reason)
        else:
            found[channel.push_type] = channel
    return found


def renewed_types(types: ChannelTypes) -> frozenset[str]:
    """Return the types that apps subscribe again at each login."""
    return frozenset(name for name, channel in types.items() if channel.is_renewed)


def missing(types: ChannelTypes, settings: ChannelTables) -> dict[str, str]:
    """Return what is missing of each channel that cannot send with these settings.

    Raises :class:`~ovms.base.settings.SettingsError` for a table that its channel does not accept.
    """
    for name in settings.channels.keys() - types.keys():
        log.warning("settings of a channel that is not installed", channel=name)
    found = {name: _missing(channel, settings) for name, channel in types.items()}
    return {name: reason for name, reason in found.items() if reason is not None}


def open_channels(types: ChannelTypes, settings: ChannelTables) -> dict[str, Channel]:
    """Make the channels that can send. Raises as :func:`missing`."""
    found: dict[str, Channel] = {}
    for name in types.keys() - missing(types, settings).keys():
        try:
            found[name] = types[name](_settings_of(types[name], settings))
        except Exception as error:
            _log_failure(types[name], error)
    return found


def package_of(channel: type[Channel]) -> str:
    """Return the package that a channel is from."""
    return channel.__module__.partition(".")[0]


def _our_own() -> Iterator[type[Channel]]:
    """Yield the channels of the modules of :mod:`ovms.server.notify.channels`."""
    for _, name, _ in pkgutil.iter_modules(channels.__path__, f"{channels.__name__}."):
        for each in vars(import_module(name)).values():
            if inspect.isclass(each) and issubclass(each, Channel) and each.__module__ == name:
                yield each


def _loaded(plugin: Plugin, known: ChannelTypes) -> type[Channel]:
    """Return a plug-in's class if it is a channel of a new type. Raises :class:`BrokenPlugin`."""
    loaded = plugin.load()
    try:
        return _checked(loaded, known)
    except (TypeError, ValueError) as error:
        raise BrokenPlugin(plugin, error) from None


def _checked(loaded: object, known: ChannelTypes) -> type[Channel]:
    if not (inspect.isclass(loaded) and issubclass(loaded, Channel)):
        raise TypeError(f"it is not a class derived from {Channel.__module__}.Channel")
    if loaded.__abstractmethods__:
        raise TypeError(f"it has no method {', '.join(sorted(loaded.__abstractmethods__))}")
    if not (inspect.isclass(loaded.settings) and issubclass(loaded.settings, BaseModel)):
        raise TypeError("its settings are not a class derived from pydantic.BaseModel")
    if not _TYPE.fullmatch(getattr(loaded, "push_type", "")):
        raise ValueError("its type is not 1 to 32 lower-case letters, digits, - and _")
    if loaded.push_type in known:
        raise ValueError(f"there is a channel {loaded.push_type} already")
    return loaded


def _settings_of(channel: type[Channel], settings: ChannelTables) -> BaseModel:
    """Return a channel's own settings. Raises :class:`SettingsError`."""
    where = f"channels.{channel.push_type}"
    table = settings.channels.get(channel.push_type, {})
    if not isinstance(settings, channel.settings):
        return read_table(channel.settings, table, where)
    if table:  # the oldest channels' settings stand outside of tables
        raise SettingsError(where, f"not here, but as {', '.join(channel.settings.model_fields)}")
    return settings


def _missing(channel: type[Channel], settings: ChannelTables) -> str | None:
    try:
        reason: object = channel.missing(_settings_of(channel, settings))
        if not isinstance(reason, str | None):
            raise TypeError(f"missing returns {type(reason).__name__}, not a text or None")
    except SettingsError as error:
        if channel.push_type in settings.channels:
            raise
        return str(error)  # it was installed, and not set up yet
    except Exception as error:
        _log_failure(channel, error)
        return "it failed"
    else:
        return reason


def _log_failure(channel: type[Channel], error: Exception) -> None:
    facts = {"package": package_of(channel), "channel": channel.push_type}
    reason = " ".join(f"{type(error).__name__}: {error}".split())
    log.error("a channel failed", **facts, reason=reason)
