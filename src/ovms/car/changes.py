"""What has changed since it was sent, and is sent again at once. Pure."""

from __future__ import annotations

from ovms.car.reports import Units
from ovms.car.settings import ModuleSettings
from ovms.car.state import CarState

Watched = tuple[object, ...]


class ChangeWatch:
    """Compares a module's state and settings with those that it has sent."""

    def __init__(self, state: CarState, settings: ModuleSettings) -> None:
        self._state = state
        self._settings = settings
        self._sent = _watched(state)
        self._sent_settings = self._settings_in_use

    def note_sent(self) -> None:
        """Note that the present state is being sent."""
        self._sent = _watched(self._state)

    def take(self) -> set[str]:
        """Return the codes of the messages that have changed since they were sent.

        The first reading of a value is no change. Its message is sent as soon as the message is
        known as a whole, so that no app sees a battery at 0 % in the meantime.
        """
        codes: set[str] = set()
        watched = _watched(self._state)
        for group, values in watched.items():
            sent = self._sent[group]
            if sent != values:
                has_changed = any(
                    a is not None and a != b for a, b in zip(sent, values, strict=True)
                )
                codes.update(code for code in group if has_changed or is_known(code, self._state))
        self._sent = watched
        return codes | self._take_settings()

    def _take_settings(self) -> set[str]:
        """Return the codes of the messages that the settings have changed."""
        before, self._sent_settings = self._sent_settings, self._settings_in_use
        units, can_write, groups = (
            a != b for a, b in zip(before, self._sent_settings, strict=True)
        )
        changed = "SDL" if units else "L" if groups and self._settings.groups else ""
        codes = {code for code in changed if is_known(code, self._state)}
        return codes | set("FV" if can_write else "")

    @property
    def _settings_in_use(self) -> tuple[Units, bool, tuple[str, ...]]:
        settings = self._settings
        return settings.units, settings.can_write, settings.groups


def is_known(code: str, state: CarState) -> bool:
    """Return whether enough is known for a message that misleads nobody."""
    match code:
        case "S":
            return state.soc is not None
        case "D":
            return state.doors_1 is not None
        case "L":
            return state.has_position or state.direction is not None
    return True


def _watched(state: CarState) -> dict[str, Watched]:
    """Return the values whose change is sent at once, by the codes of their messages.

    Values in :func:`_seen` are watched only for their first reading.
    """
    return {
        "F": (state.vin, state.network),
        "D": (state.doors_1, state.doors_2, state.lock_told, state.doors_3, state.doors_4,
              state.doors_5, _seen(state.odometer), _seen(state.trip), _seen(state.temperature_pem),
              _seen(state.temperature_ambient)),
        "SL": (None if state.doors_1 is None else state.is_on,),
        "S": (state.charge_state_number, state.charge_state, state.charge_substate,
              state.charge_mode, state.charge_limit, state.charge_timer_mode,
              state.charge_timer_start, state.cooldown, _seen(state.soc), _seen(state.ideal_range)),
        "L": (_seen(state.direction), _seen(state.latitude), _seen(state.longitude)),
        "W": tuple(_seen(tyre.pressure) for tyre in state.tyres.values()),
    }  # fmt: skip


def _seen(value: float | None) -> bool | None:
    """Return ``True`` for every known value."""
    return None if value is None else True
