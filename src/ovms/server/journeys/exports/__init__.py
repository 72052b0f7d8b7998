"""Journeys for other programs and for paper: CSV, GPX, a trip log as PDF. Pure."""
