"""``ovms car``: its options, the mode that they ask for, and running it."""
