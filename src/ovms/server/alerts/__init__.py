"""The text of an alert and whether it is new: tables as data, grouping. No IO, no clock."""
