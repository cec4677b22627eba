"""Calls that wait for somebody else."""
