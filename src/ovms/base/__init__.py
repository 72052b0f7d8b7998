"""What every room may lean on: clock, logs, paths, settings, back-off. Imports nothing of ours."""
