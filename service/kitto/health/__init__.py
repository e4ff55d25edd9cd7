"""The health watch: which devices answer, what they say about themselves, and what needs a person."""
