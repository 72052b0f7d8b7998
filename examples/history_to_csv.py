"""Write what a server keeps of a vehicle as CSV: the records of one type.

OVMS_SECRET=secret python examples/history_to_csv.py --tls example.org DEMO '*-LOG-Trip' > trips.csv
"""

import argparse
import csv
import os
import sys

from ovms import app


def main(server: str, vehicle: str, secret: str, kind: str, *, tls: bool = False) -> None:
    """Write a line for each record as it comes."""
    lines = csv.writer(sys.stdout, lineterminator="\n")
    lines.writerow(["time", "number", "value"])
    with app.sync.connect(server, vehicle, secret, tls=tls) as car:
        for row in car.history(kind):
            lines.writerow([row.time.isoformat() if row.time else "", row.number, row.value])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("server")
    parser.add_argument("vehicle")
    parser.add_argument("type")
    parser.add_argument("--tls", action="store_true")
    given = parser.parse_args()
    try:
        main(given.server, given.vehicle, os.environ["OVMS_SECRET"], given.type, tls=given.tls)
    except app.Error as error:
        sys.exit(str(error))
