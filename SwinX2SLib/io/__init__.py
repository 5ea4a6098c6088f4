"""Files: the one reader and writer of volumes, and outputs that appear atomically."""
