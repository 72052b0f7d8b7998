"""Who a car is, and whom it calls: what options tell, and what a provisioning record adds."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field

from ovms.car.parameters import NAMES, BadParameter, Parameter, apply
from ovms.car.reports import Units
from ovms.cli.common import fail, refuse, resolve_secret
from ovms.cli.link import find_paranoid, find_place


@dataclass(frozen=True, slots=True)
class Identity:
    """Everything a module needs to call its server."""

    server: str
    vehicle: str
    secret: str = field(repr=False)
    units: Units
    paranoid: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Given:
    """What the options tell; ``None`` where they say nothing."""

    server: str | None
    vehicle: str | None
    secret: str | None = field(repr=False)
    secret_file: str | None
    units: str | None
    paranoid: str | None = field(repr=False)
    paranoid_file: str | None

    def check_alone(self, tls: ssl.SSLContext | None) -> None:
        """End the command if whom to call is not told, before anybody is asked for a secret."""
        if self.server is None or self.vehicle is None:
            refuse("give --server and --vehicle")
        find_place(self.server, tls)
        self.check_files()

    def check_files(self, *others: str | None) -> None:
        """End the command if standard input would have to be several secrets."""
        if [self.secret_file, self.paranoid_file, *others].count("-") > 1:
            refuse("only one of the files with secrets can be standard input")

    def alone(self) -> Identity:
        """Give the identity that options and variables tell; wrong usage if they do not."""
        paranoid = find_paranoid(self.paranoid, self.paranoid_file)
        secret = resolve_secret(
            self.secret, self.secret_file, "OVMS_SECRET", "Secret of the vehicle"
        )
        if secret is None:
            refuse("give the secret: --secret-file, OVMS_SECRET or --secret")
        assert self.server is not None
        assert self.vehicle is not None
        return Identity(self.server, self.vehicle, secret, Units(self.units or "M"), paranoid)

    def beside(self, parameters: Sequence[str]) -> Identity:
        """Give the identity that a provisioning record tells.

        Options count more than its parameters, and those more than variables, which do not speak
        of this car. Ends the command if a parameter is wrong or one is missing.
        """
        try:
            found = apply(parameters)
        except BadParameter as error:
            fail(f"the provisioning record cannot be used: {error}")
        secret = None if self._tells_secret else found.secret
        secret = secret or resolve_secret(self.secret, self.secret_file, "OVMS_SECRET", None)
        paranoid = None if self._tells_paranoid else found.paranoid
        return Identity(
            self.server or found.server or _lacks(Parameter.SERVER, "--server"),
            self.vehicle or found.vehicle_id or _lacks(Parameter.VEHICLE_ID, "--vehicle"),
            secret or _lacks(Parameter.SECRET, "--secret-file, OVMS_SECRET or --secret"),
            Units(self.units) if self.units else found.units or Units.MILES,
            paranoid or find_paranoid(self.paranoid, self.paranoid_file),
        )

    @property
    def _tells_secret(self) -> bool:
        return self.secret is not None or self.secret_file is not None

    @property
    def _tells_paranoid(self) -> bool:
        return self.paranoid is not None or self.paranoid_file is not None


def _lacks(parameter: Parameter, option: str) -> str:
    """End the command: neither the record nor an option tells what is needed to run."""
    name = NAMES[parameter]
    fail(f"the provisioning record lacks parameter {int(parameter)} ({name}): give {option}")
