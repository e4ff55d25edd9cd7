"""People: members, departments and projects."""
