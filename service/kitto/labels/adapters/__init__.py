"""What labels need from outside the ledger: the drawing board and the folder of finished prints."""
