"""``ovms journeys``: what a vehicle did."""
