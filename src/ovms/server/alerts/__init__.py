"""What an alert says and whether it is news: expansion tables as data, grouping. Pure."""
