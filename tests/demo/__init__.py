"""`make demo`: the main job on real counterparts, shown step by step."""
