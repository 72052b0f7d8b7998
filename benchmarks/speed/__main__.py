"""The command line: which scenarios, how long, and what is done with the figures."""

from __future__ import annotations

import argparse
import json
import resource
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.speed import recorded, report
from benchmarks.speed.bench import Bench
from benchmarks.speed.figures import Figure
from benchmarks.speed.scenarios import SCENARIOS

AGAIN = 2
"""How often what has fallen is measured again before it counts."""


def arguments(words: Sequence[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.speed",
        description="Measure how fast the server is, beside the floor: the least that a server in"
        " Python does for it. Scenarios: " + ", ".join(SCENARIOS) + ".",
    )
    parser.add_argument("scenarios", nargs="*", metavar="SCENARIO", help="all unless given")
    parser.add_argument("--short", action="store_true", help="less of each, in two minutes")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures there, too")
    parser.add_argument(
        "--check", action="store_true",
        help=f"fail if a ratio is more than {recorded.FALL:.0%}% below the recorded one",
    )  # fmt: skip
    parser.add_argument("--record", action="store_true", help=f"write {recorded.FILE.name}")
    found = parser.parse_args(words)
    unknown = [name for name in found.scenarios if name not in SCENARIOS]
    if unknown:
        parser.exit(2, f"no scenario {unknown[0]}; there are: {', '.join(SCENARIOS)}\n")
    return found


def measured(bench: Bench, name: str) -> list[Figure]:
    """Measure a scenario, and say how long that took."""
    bench.say(f"measuring {name} …")
    start = time.monotonic()
    figures = SCENARIOS[name].measure(bench)
    bench.say(f"  {time.monotonic() - start:.0f} s")
    return figures


def checked(bench: Bench, name: str, ratios: dict[str, float]) -> list[Figure]:
    """Measure a scenario; again, if a ratio has fallen, and the best counts."""
    figures = measured(bench, name)
    for _ in range(AGAIN):
        if not recorded.falls(ratios, figures):
            break
        figures = recorded.best([*figures, *measured(bench, name)])
    return figures


def main(words: Sequence[str]) -> int:
    """Measure, and show what was found; return the exit status."""
    options = arguments(words)
    form = "short" if options.short else "full"
    names = options.scenarios or [
        name for name, each in SCENARIOS.items() if each.in_short or not options.short
    ]
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    ratios = recorded.load(recorded.FILE, form) if options.check else {}
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory(prefix="ovms-speed-") as folder:
        bench = Bench(Path(folder), options.short)
        for name in names:
            figures += checked(bench, name, ratios)
    report.show(figures)
    if options.json:
        options.json.write_text(json.dumps(report.as_json(figures), indent=1) + "\n")
    if options.record:
        recorded.save(recorded.FILE, form, figures, report.machine())
    fallen = recorded.falls(ratios, figures)
    for each in fallen:
        print(each, file=sys.stderr)
    return 1 if fallen else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
