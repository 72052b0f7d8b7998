"""Owners: their passwords and tokens, what those allow, logging in, how often it may be tried."""
