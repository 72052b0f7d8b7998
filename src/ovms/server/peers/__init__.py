"""Other servers: records they share, the messages of cars between them, ours as their client."""
