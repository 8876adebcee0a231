"""Run specification, identity, stages and record."""
