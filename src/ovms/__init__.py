"""Open Vehicle Monitoring System: car, server and app, and the language between them."""

__version__ = "0.1.0"
