"""The invented documents themselves: their words and their looks, no typesetting."""
