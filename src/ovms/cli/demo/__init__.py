"""``ovms demo``: a server with cars that live, on this machine only, and what they do."""
