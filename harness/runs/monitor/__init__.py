"""Chain-of-thought monitors on the arms of a run."""
