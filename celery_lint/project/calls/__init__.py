"""Where tasks are sent, signed and waited for."""
