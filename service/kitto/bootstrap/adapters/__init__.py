"""What this room makes of bytes and programs: certificates, lists of revoked ones, files for machines."""
