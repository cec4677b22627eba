"""What travels in messages, and when it is sent."""
