"""Moving in from a server of today: its database is read, and what it holds becomes ours.

:func:`ovms.server.migrate.moving.move_in` does it, in one transaction. Each kind of thing is a
module: what is there, what of it was taken before, and what is here are merged
(:mod:`ovms.server.migrate.merging`), so that a repeated import takes what changed there and undoes
nothing that changed here.
"""
