"""The desk: handing devices over, taking them back, and the papers that prove it."""
