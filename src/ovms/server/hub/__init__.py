"""The meeting place: who is connected to which vehicle, who hears what, whose answer this is."""
