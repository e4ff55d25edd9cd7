"""Outside systems that kitting drives: one typed module each, no database."""
