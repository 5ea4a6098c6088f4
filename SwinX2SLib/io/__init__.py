"""Files: the one reader and writer of volumes, and outputs that appear whole or not at all."""
