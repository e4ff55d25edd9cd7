"""What is true of codes and profiles for phones, without a database."""
