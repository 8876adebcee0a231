"""The persona instrument on the arms of a run."""
