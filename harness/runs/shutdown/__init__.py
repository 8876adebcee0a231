"""The shutdown instrument of a run: chat-level prompts and the sentence ablation on every arm."""
