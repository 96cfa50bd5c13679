"""Outside programs: arguments in, files out. Each has a fixed argument list, a time limit and a recorded version."""
