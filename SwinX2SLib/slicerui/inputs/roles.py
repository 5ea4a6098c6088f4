"""The two films of a pair."""

ROLES = ("ap", "lateral")
ROLE_WORDS = {"ap": "frontal", "lateral": "lateral"}
