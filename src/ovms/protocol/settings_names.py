"""The names of the features and parameters of modules: commands 1 to 4 carry only numbers."""

from __future__ import annotations

FEATURE_NAMES: dict[int, str] = {
    0: "digital speedo",
    8: "location stream",
    9: "minimum SOC",
    15: "CAN write enabled",
}
"""Other features have no name that holds for all modules."""

PARAMETER_NAMES: dict[int, str] = {
    0: "registered telephone number",
    1: "registration password",
    2: "miles / kilometer flag",
    3: "notification method list",
    4: "server IP",
    5: "GPRS APN",
    6: "GPRS user",
    7: "GPRS password",
    8: "vehicle ID",
    9: "network password",
    10: "paranoid password",
    11: "group 1",
    12: "group 2",
    **{number: f"feature {number - 16}" for number in range(24, 32)},
}
"""11 and 12 are in the first modules on the road, not in the guide. 24 to 31 are features."""

PASSWORDS = frozenset({1, 7, 9, 10})
"""The parameters that are passwords. Modules on the road list them in clear."""

HIDDEN_VALUE = "*"
"""What a list shows of a password that is set and not shown."""
