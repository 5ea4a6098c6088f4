"""A batch of pairs as a background process, and its status."""
