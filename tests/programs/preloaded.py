"""What the forkserver imports for all programs, which need not look at it again for garbage."""

import gc
from importlib import import_module

for _name in ("main", "serve", "car.command", "app", "demo.command"):
    import_module(f"ovms.cli.{_name}")
import_module("tests.programs.forked")
gc.freeze()
