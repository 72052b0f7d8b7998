"""HTTP: the field's API, calls of MQTT brokers, metrics and health; later our own API."""
