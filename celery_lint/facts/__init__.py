"""READ: the bytes of one file become plain facts."""
