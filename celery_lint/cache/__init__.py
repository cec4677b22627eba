"""What a run remembers for the next one: facts by the content of files, and what was written when nothing changed.

Nothing here is trusted: what cannot be read, is of another version, or was written by somebody else counts as nothing.
"""
