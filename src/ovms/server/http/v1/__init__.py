"""Our own API, ``/api/v1``: FastAPI, which is imported with its first call."""
