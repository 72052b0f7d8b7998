"""Alerts out: subscriptions, an outbox that survives a restart, one small module a channel."""
