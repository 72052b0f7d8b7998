"""Owners' passwords; later sessions, tokens, rights and throttling."""
