"""Print a car's state of charge whenever it changes, through the server's API.

OVMS_TOKEN=token python examples/soc_by_http.py https://example.org:6869 DEMO
"""

import argparse
import asyncio
import os
import sys
from contextlib import aclosing, suppress

from ovms import app


async def main(url: str, token: str, vehicle: str) -> None:
    """Print the state of charge as it changes, across lost connections, until Ctrl-C."""
    known = None
    async with (
        app.api.connect(url, token) as server,
        aclosing(server.events(vehicle, on_lost=report)) as events,
    ):
        async for event in events:
            battery = event.state.groups.battery if event.state else None
            if battery is not None and battery.soc != known:
                known = battery.soc
                print("unknown" if known is None else f"{known:g} %", flush=True)


def report(error: app.Error, seconds: float) -> None:
    """Say why there is no connection."""
    print(f"{error}; trying again in {seconds:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("vehicle")
    given = parser.parse_args()
    try:
        with suppress(KeyboardInterrupt):
            asyncio.run(main(given.url, os.environ["OVMS_TOKEN"], given.vehicle))
    except app.Error as error:
        sys.exit(str(error))
