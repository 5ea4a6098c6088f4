"""The networks and their parts; torch only."""
