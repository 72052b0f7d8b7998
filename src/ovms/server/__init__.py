"""The server program: listeners, the order of start and stop, and the rooms put together."""
