"""The outside systems of the health watch, one module each: typed in, typed out, no database."""
