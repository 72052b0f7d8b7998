"""OBD-II: what nearly any car reports on request, as this folder's DBC file and TOML mapping.

The folder also holds a simulated control unit.
"""
