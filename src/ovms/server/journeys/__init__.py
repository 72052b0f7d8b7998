"""Trips, charges and parked time, made of what a vehicle reported: pure, without IO and clock."""
