"""Comments that speak to linters: where they are, what they say, and which lines they speak about."""
