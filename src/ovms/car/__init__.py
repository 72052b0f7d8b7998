"""The module in a car: what it knows, what it sends to the server, and its link.

A pure core (:mod:`~ovms.car.module`: state and time in, messages out) with the link around it
(:mod:`~ovms.car.link`). What is particular to a vehicle is in :mod:`ovms.car.vehicles`.
"""
