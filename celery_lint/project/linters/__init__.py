"""What other linters of the project are asked for."""
