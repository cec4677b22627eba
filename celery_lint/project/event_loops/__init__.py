"""Who drives an event loop, and what belongs to one."""
