"""One module a step, numbered; the newest is :data:`ovms.server.storage.schema.REVISION`."""
