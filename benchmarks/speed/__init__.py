"""How fast the server is, each figure beside its floor: the least that the work takes in Python.

Run ``python -m benchmarks.speed --help``; docs/performance.md says what each scenario does.
"""
