"""Many simulated cars in one process: their list, their one wheel of timers, their links."""
