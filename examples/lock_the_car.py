"""Lock a car, and say whether it is locked.

OVMS_SECRET=secret python examples/lock_the_car.py --tls example.org DEMO 1234
"""

import argparse
import os
import sys

from ovms import app


def main(server: str, vehicle: str, secret: str, pin: str, *, tls: bool = False) -> int:
    """Send the command and wait for the car's answer. Return 0 if the car is locked."""
    try:
        with app.sync.connect(server, vehicle, secret, tls=tls) as car:
            answer = car.command("lock", pin)[-1]
    except app.Error as error:
        print(error, file=sys.stderr)
        return 1
    if answer.result != app.Result.OK:
        print(f"not locked: {answer.text or answer.result}", file=sys.stderr)
        return 1
    print("locked")
    return 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("server")
    parser.add_argument("vehicle")
    parser.add_argument("pin")
    parser.add_argument("--tls", action="store_true")
    given = parser.parse_args()
    secret = os.environ["OVMS_SECRET"]
    sys.exit(main(given.server, given.vehicle, secret, given.pin, tls=given.tls))
