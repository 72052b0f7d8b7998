"""Delivery of alerts: subscriptions, an outbox that survives a restart, channels."""
