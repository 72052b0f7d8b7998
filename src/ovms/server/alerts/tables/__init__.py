"""The tables that come with the program; an operator's own lie in the data folder."""
