"""Who does a model say it is: names it gives itself, and how it rates itself."""
