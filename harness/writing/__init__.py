"""A model writes the rows of a task: bad answers and their benign twins, from a short spec."""
