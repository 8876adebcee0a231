"""Sampling many answers from local models, as an Inspect provider."""
