"""What an operator watches: metrics, health, and the status of the running server."""
