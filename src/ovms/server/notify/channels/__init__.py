"""Our channels. Every class here that is a channel with a type is found; no list names them."""
