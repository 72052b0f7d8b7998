"""OBD-II: what any car tells on request. All of it is in this folder's DBC file and TOML mapping.

Beside them is what stands for a car's control unit.
"""
