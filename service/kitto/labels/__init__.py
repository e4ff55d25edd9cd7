"""Labels: what is printed on devices, what waits for its label, and whether it was stuck on the right one."""
