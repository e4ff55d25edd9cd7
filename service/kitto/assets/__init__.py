"""Devices: what there is, where in its life it is, who answers for it. Read this room first."""
