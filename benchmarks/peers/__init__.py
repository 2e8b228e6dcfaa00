"""One runner for each contender of ``pipeline``; each is run in its own process."""
