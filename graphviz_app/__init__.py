"""The window: shows and edits what the engine computes; holds no mathematics."""
