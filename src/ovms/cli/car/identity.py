"""Who a car is and which server it calls: from options, kept parameters, a provisioning record."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from ovms.car.parameters import NAMES, NOT_SET, BadParameter, Parameter, apply
from ovms.car.reports import Units
from ovms.cli.car.options import CarOptions
from ovms.cli.common import fail, refuse, resolve_secret
from ovms.cli.link import find_paranoid, find_server

FILE_VARIABLES = ("OVMS_SECRET_FILE", "OVMS_PARANOID_FILE")
"""Variables that may name the files of secrets."""

VARIABLES = ("OVMS_SECRET", FILE_VARIABLES[0])
"""Variables that may tell the vehicle's secret."""


@dataclass(frozen=True, slots=True)
class ModuleIdentity:
    """Everything a module needs to call its server."""

    server: str
    vehicle: str
    secret: str = field(repr=False)
    units: Units
    paranoid: str | None = field(repr=False)
    record: Mapping[int, str] = field(default_factory=dict, repr=False, compare=False)
    """The parameters of its provisioning record, by number."""

    @property
    def parameters(self) -> dict[int, str]:
        """The parameters that the module starts with, by number, as command 3 lists them."""
        return {
            **self.record,
            Parameter.UNITS: self.units.value,
            Parameter.SERVER: self.server,
            Parameter.VEHICLE_ID: self.vehicle,
            Parameter.SECRET: self.secret,
            Parameter.PARANOID: self.paranoid or "",
        }

    def changed_by(self, parameters: Mapping[int, str]) -> ModuleIdentity:
        """Return a copy with the values that were set by command; they count more."""
        return replace(
            self,
            server=parameters.get(Parameter.SERVER, self.server),
            vehicle=parameters.get(Parameter.VEHICLE_ID, self.vehicle),
            secret=parameters.get(Parameter.SECRET, self.secret),
            paranoid=parameters.get(Parameter.PARANOID, self.paranoid),
        )


@dataclass(frozen=True, slots=True)
class IdentityOptions:
    """The options that concern a car's identity; ``None`` for those that are not given."""

    server: str | None
    vehicle: str | None
    secret: str | None = field(repr=False)
    secret_file: str | None
    units: str | None
    paranoid: str | None = field(repr=False)
    paranoid_file: str | None
    kept: Mapping[int, str] = field(default_factory=dict, repr=False)
    """Parameters that were set by command and kept; used where no option is given."""

    @classmethod
    def of(cls, options: CarOptions, kept: Mapping[int, str]) -> IdentityOptions:
        """Return those of all options that belong here."""
        return cls(
            options.server, options.vehicle, options.secret, options.secret_file, options.units,
            options.paranoid, options.paranoid_file, kept,
        )  # fmt: skip

    def whom(self) -> tuple[str, str]:
        """Return server and vehicle id; wrong usage if they are not given. Asks nobody."""
        server = self.server if self.server is not None else self.kept.get(Parameter.SERVER)
        vehicle = self.vehicle if self.vehicle is not None else self.kept.get(Parameter.VEHICLE_ID)
        if server is None or vehicle is None:
            refuse("give --server and --vehicle")
        find_server(server)
        self.check_files()
        return server, vehicle

    @property
    def can_be_told_again(self) -> bool:
        """Whether the program can start anew with the same arguments without asking anybody."""
        files = [self.secret_file, self.paranoid_file, *map(os.environ.get, FILE_VARIABLES)]
        tells = self._tells_secret or self._kept_secret or any(map(os.environ.get, VARIABLES))
        return bool(tells) and "-" not in files

    @property
    def _kept_secret(self) -> str | None:
        return None if self._tells_secret else self.kept.get(Parameter.SECRET)

    def check_files(self, *others: str | None) -> None:
        """End the command if standard input would have to be several secrets."""
        if [self.secret_file, self.paranoid_file, *others].count("-") > 1:
            refuse("only one of the files with secrets can be standard input")

    def alone(self) -> ModuleIdentity:
        """Return the identity that options and variables give; wrong usage if they do not.

        Asks a terminal for a missing secret.
        """
        server, vehicle = self.whom()
        paranoid = find_paranoid(self.paranoid, self.paranoid_file)
        secret = self._kept_secret or resolve_secret(
            self.secret, self.secret_file, "OVMS_SECRET", "Secret of the vehicle"
        )
        if secret is None:
            refuse("give the secret: --secret-file, OVMS_SECRET or --secret")
        return ModuleIdentity(server, vehicle, secret, Units(self.units or "M"), paranoid)

    def beside(self, parameters: Sequence[str]) -> ModuleIdentity:
        """Return the identity that a provisioning record gives.

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
        server = self.server or found.server or _lacks(Parameter.SERVER, "--server")
        find_server(server)
        return ModuleIdentity(
            server,
            self.vehicle or found.vehicle_id or _lacks(Parameter.VEHICLE_ID, "--vehicle"),
            secret or _lacks(Parameter.SECRET, "--secret-file, OVMS_SECRET or --secret"),
            Units(self.units) if self.units else found.units or Units.MILES,
            paranoid or find_paranoid(self.paranoid, self.paranoid_file),
            {n: value for n, value in enumerate(parameters) if value not in ("", NOT_SET)},
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
