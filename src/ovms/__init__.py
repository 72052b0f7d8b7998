"""Open Vehicle Monitoring System: the car, the server and the app, and the language between them."""

__version__ = "0.1.0"
