"""What to extract: each profile says what to ask for and what to make of the answers."""
