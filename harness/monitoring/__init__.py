"""Listening in: does a model's chain of thought give its misbehaviour away, and how early?"""
