"""Options of ``ovms car`` that have variables of their own: a service is told its options so.

``OVMS_CAR_…`` speaks of the car only: an app on the same machine has ``OVMS_SERVER`` and others.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

ServerOption = Annotated[
    str | None,
    typer.Option(
        metavar="HOST[:PORT]",
        envvar="OVMS_CAR_SERVER",
        help="Whom to call; port 6867, or 6870 with --tls.",
    ),
]
VehicleOption = Annotated[
    str | None, typer.Option(metavar="ID", envvar="OVMS_CAR_VEHICLE", help="The vehicle id.")
]
UnitsOption = Annotated[
    Literal["M", "K"] | None,
    typer.Option(show_default="M", envvar="OVMS_CAR_UNITS", help="Report in miles or kilometres."),
]
VinOption = Annotated[
    str | None,
    typer.Option(envvar="OVMS_CAR_VIN", help="The VIN to report, and to ask by with --provision."),
]
GroupOption = Annotated[
    str,
    typer.Option(
        metavar="NAME",
        envvar="OVMS_CAR_GROUP",
        help="Tell the position to this group, in plain.",
    ),
]
LogLevelOption = Annotated[
    str, typer.Option(envvar="OVMS_CAR_LOG_LEVEL", help="debug, info, warning or error.")
]
LogFormatOption = Annotated[
    Literal["text", "json"],
    typer.Option(envvar="OVMS_CAR_LOG_FORMAT", help="Log lines as text or as JSON objects."),
]
TlsOption = Annotated[bool, typer.Option("--tls", envvar="OVMS_CAR_TLS", help="Call over TLS.")]
InsecureOption = Annotated[
    bool,
    typer.Option(
        "--insecure",
        envvar="OVMS_CAR_INSECURE",
        help="With --tls: take any certificate of anybody.",
    ),
]
CaOption = Annotated[
    Path | None,
    typer.Option(
        "--ca",
        metavar="FILE",
        envvar="OVMS_CAR_CA",
        help="With --tls: trust only this, roots or the server's certificate, PEM.",
    ),
]
WebSocketOption = Annotated[
    bool,
    typer.Option(
        "--websocket",
        envvar="OVMS_CAR_WEBSOCKET",
        help="Call through a WebSocket at /apiv2, as proxies want it.",
    ),
]
ModemOption = Annotated[
    str | None,
    typer.Option(
        metavar="PORT",
        envvar="OVMS_CAR_MODEM",
        help="Serial port of a modem: SMS, USSD, AT, the signal.",
    ),
]
ModemBaudOption = Annotated[
    int,
    typer.Option(metavar="BAUD", envvar="OVMS_CAR_MODEM_BAUD", help="Its speed, bits a second."),
]
