"""The field's HTTP API under ``/api``, as its clients know it."""
