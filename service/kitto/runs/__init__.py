"""Ansible runs that were started elsewhere, from CI or a shell, and where such runs find their hosts."""
