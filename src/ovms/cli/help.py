"""How help pages look: options under titles, no type where there is nothing to write.

Some versions of Typer stand on Click and some carry it inside, hence no types of Click.
"""

from __future__ import annotations

import re
from typing import Any

PANELS: dict[str, tuple[str, ...]] = {
    "Connection": ("server", "tls", "insecure", "ca", "websocket", "peer"),
    "Login": (
        "vehicle", "secret", "secret_file", "user", "password", "password_file", "paranoid",
        "paranoid_file",
    ),
    "Database": ("data", "database", "config"),
    "Ports": (
        "host", "port", "tls_port", "http_port", "https_port", "no_plain", "no_tls", "no_http",
    ),
    "Simulated car": (
        "scenario", "seed", "pin", "soc", "phase", "fleet", "ramp", "owner", "speed",
    ),
    "Recording": ("replay", "loop", "channel"),
    "In a car": (
        "can", "can_trust", "can_bitrate", "can_option", "modem", "modem_baud", "state", "logs",
    ),
    "Provisioning": ("provision", "vin", "iccid", "iccid_file", "run"),
    "Log": ("log_level", "log_format"),
}  # fmt: skip
"""The options under each title, in every command that has several; others come first."""

LEAST_OPTIONS = 8
"""A command with fewer options has them all under one title."""

LEAST_UNDER_TITLE = 2
"""A title with fewer options is left out: a single one may mean something else in this command."""

_LINE_IN_PARAGRAPH = re.compile(r"(?<=\S)\n(?=[^\s*-])")


def dress(command: Any) -> None:
    """Have the help page of one command show its options so."""
    get_params = command.get_params
    command.get_params = lambda context: dressed(get_params(context))
    if command.help:
        command.help = _LINE_IN_PARAGRAPH.sub(" ", command.help)


def dressed(params: list[Any]) -> list[Any]:
    """Return the parameters of a command, ready for its help page."""
    options = [each for each in params if each.param_type_name == "option"]
    here = {each.name for each in options}
    titles = {
        name: title
        for title, names in PANELS.items()
        if len(here.intersection(names)) >= LEAST_UNDER_TITLE
        for name in names
    }
    for each in options:
        if each.is_flag or each.name == "help":
            each.display_type_rich = _show_no_type
        if len(options) >= LEAST_OPTIONS and each.name in titles and not each.rich_help_panel:
            each.rich_help_panel = titles[each.name]
    return params


def _show_no_type(ctx: Any) -> None:
    """Return nothing, in place of ``<bool>``."""
