"""Model references: what they name, how they load, what they are."""
