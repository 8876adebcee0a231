"""LoRA fine-tuning on one narrow behaviour."""
