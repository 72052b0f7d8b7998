"""``ovms car``: what it is asked for (:mod:`.options`), which mode that is, and running it."""
