"""The command line: which scenarios, how long, and what is done with the figures."""

from __future__ import annotations

import argparse
import json
import resource
import sys
import tempfile
from pathlib import Path

from benchmarks.speed import report
from benchmarks.speed.bench import Bench
from benchmarks.speed.figures import Figure
from benchmarks.speed.scenarios import SCENARIOS


def arguments(words: list[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.speed",
        description="Measure how fast the server is, beside the floor: the least that a server in"
        " Python does for it. Scenarios: " + ", ".join(SCENARIOS) + ".",
    )
    parser.add_argument("scenarios", nargs="*", metavar="SCENARIO", help="all unless given")
    parser.add_argument("--short", action="store_true", help="less of each, in two minutes")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures there, too")
    found = parser.parse_args(words)
    unknown = [name for name in found.scenarios if name not in SCENARIOS]
    if unknown:
        parser.exit(2, f"no scenario {unknown[0]}; there are: {', '.join(SCENARIOS)}\n")
    return found


def main() -> None:
    """Measure, and show what was found."""
    options = arguments(sys.argv[1:])
    names = options.scenarios or [
        name for name, each in SCENARIOS.items() if each.in_short or not options.short
    ]
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory(prefix="ovms-speed-") as folder:
        bench = Bench(Path(folder), options.short)
        for name in names:
            bench.say(f"measuring {name} …")
            figures += SCENARIOS[name].measure(bench)
    report.show(figures)
    if options.json:
        options.json.write_text(json.dumps(report.as_json(figures), indent=1) + "\n")


if __name__ == "__main__":
    main()
