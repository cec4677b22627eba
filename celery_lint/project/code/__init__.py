"""What the code of a project means: names, values, instances, exceptions, across files."""
