"""The process that runs one play and outlives the service that started it."""
