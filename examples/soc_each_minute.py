"""Print a car's state of charge each minute, across lost connections.

OVMS_SECRET=secret python examples/soc_each_minute.py --tls example.org DEMO
"""

import argparse
import asyncio
import os
import sys
from contextlib import suppress

from ovms import app


async def follow(server: str, vehicle: str, secret: str, tls: bool, state: app.Snapshot) -> None:
    """Keep a snapshot up to date."""
    async for _ in app.follow(server, vehicle, secret, tls=tls, snapshot=state, on_lost=report):
        pass


def report(error: app.Error, seconds: float) -> None:
    """Say why there is no connection."""
    print(f"{error}; trying again in {seconds:.0f} s", file=sys.stderr)


async def main(
    server: str, vehicle: str, secret: str, *, tls: bool = False, every: float = 60.0
) -> None:
    """Print the state of charge every so many seconds, until Ctrl-C."""
    state = app.Snapshot()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(follow(server, vehicle, secret, tls, state))
        while True:
            soc = state.status.soc
            print("unknown" if soc is None else f"{soc:g} %", flush=True)
            await asyncio.sleep(every)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("server")
    parser.add_argument("vehicle")
    parser.add_argument("--tls", action="store_true")
    given = parser.parse_args()
    with suppress(KeyboardInterrupt):
        asyncio.run(main(given.server, given.vehicle, os.environ["OVMS_SECRET"], tls=given.tls))
