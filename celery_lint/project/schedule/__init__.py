"""What beat sends, and when."""
