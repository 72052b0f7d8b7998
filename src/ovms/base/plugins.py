"""Plug-ins: objects that other people's packages offer by entry point.

Finding them reads only the metadata of the installed packages. A package is imported when one of
its plug-ins is loaded, so a broken package does no harm to those who do not use it.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points


class BrokenPlugin(Exception):
    """A plug-in cannot be used. The text names it, its package and the reason."""

    def __init__(self, plugin: Plugin, reason: BaseException) -> None:
        self.plugin = plugin
        text = f"{type(reason).__name__}: {reason}"
        super().__init__(f"{plugin.name} of package {plugin.package} is broken: {text}")


@dataclass(frozen=True, slots=True)
class Plugin:
    """One entry point."""

    name: str
    entry: EntryPoint

    @property
    def package(self) -> str:
        """The package that it comes from, with its version."""
        return " ".join(filter(None, (self._metadata("Name"), self._metadata("Version"))))

    @property
    def summary(self) -> str:
        """What the package says about itself in one line."""
        return self._metadata("Summary")

    def load(self) -> object:
        """Import and return the object. Raise :class:`BrokenPlugin` if that fails."""
        try:
            return self.entry.load()
        except (Exception, SystemExit) as error:  # a script that was named by mistake exits
            raise BrokenPlugin(self, error) from error

    def _metadata(self, key: str) -> str:
        metadata = None if self.entry.dist is None else self.entry.dist.metadata
        return metadata[key] if metadata is not None and key in metadata else ""


def find_plugins(group: str) -> list[Plugin]:
    """Return the entry points of a group, by name. Nothing is imported."""
    found = [Plugin(entry.name, entry) for entry in entry_points(group=group)]
    return sorted(found, key=lambda plugin: (plugin.name, plugin.package))
