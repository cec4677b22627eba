"""Engines, sessions and the rows that come out of them."""
