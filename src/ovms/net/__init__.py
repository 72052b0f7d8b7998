"""Sessions on real connections: the pump for both ends, and a client."""
