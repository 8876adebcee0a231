"""Finding directions: which way a run's models lean when they answer misaligned."""
