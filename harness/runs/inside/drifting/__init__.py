"""How far fine-tuning moved a model on text that has nothing to do with it."""
