"""A batch of pairs as a background process, and how it stands."""
