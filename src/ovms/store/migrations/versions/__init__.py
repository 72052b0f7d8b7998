"""One module a step, numbered; the newest is :data:`ovms.store.schema.REVISION`."""
