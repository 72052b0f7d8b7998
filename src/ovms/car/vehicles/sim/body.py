"""The simulated car's doors, lock and switches as the door states in message ``D``."""

from __future__ import annotations

from dataclasses import dataclass

from ovms.protocol.records.environment import Doors1, Doors2, Doors3, Doors4, Doors5


@dataclass(slots=True)
class Body:
    """What is open, on and locked."""

    left_door: bool = False
    charge_port: bool = False
    handbrake: bool = True
    is_on: bool = False
    is_locked: bool = True
    valet: bool = False
    is_awake: bool = False
    hvac: bool = False
    alarm: bool = False

    def doors_1(self, is_plugged: bool, is_charging: bool) -> Doors1:
        """Return door state #1."""
        bits = {
            Doors1.LEFT_DOOR: self.left_door,
            Doors1.CHARGE_PORT: self.charge_port,
            Doors1.PILOT_PRESENT: is_plugged,
            Doors1.CHARGING: is_charging,
            Doors1.ALWAYS_SET: True,
            Doors1.HANDBRAKE: self.handbrake,
            Doors1.CAR_ON: self.is_on,
        }
        return Doors1(sum(bit for bit, is_set in bits.items() if is_set))

    def doors_2(self, is_dark: bool) -> Doors2:
        """Return door state #2."""
        bits = {
            Doors2.LOCKED: self.is_locked,
            Doors2.VALET: self.valet,
            Doors2.HEADLIGHTS: self.is_on and is_dark,
        }
        return Doors2(sum(bit for bit, is_set in bits.items() if is_set))

    def doors_3(self, is_cooling: bool) -> Doors3:
        """Return door state #3."""
        awake = Doors3.AWAKE if self.is_awake else 0
        return Doors3(awake | (Doors3.COOLING_PUMP if is_cooling else 0))

    def doors_4(self) -> Doors4:
        """Return door state #4."""
        return Doors4.ALARM_SENT if self.alarm else Doors4(0)

    def doors_5(self, is_12v_fed: bool) -> Doors5:
        """Return door state #5."""
        charging_12v = Doors5.CHARGING_12V if is_12v_fed else 0
        return Doors5(charging_12v | (Doors5.HVAC if self.hvac else 0))
