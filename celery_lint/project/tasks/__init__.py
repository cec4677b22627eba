"""The tasks of a project: how they are declared, what holds for them, what they reach."""
