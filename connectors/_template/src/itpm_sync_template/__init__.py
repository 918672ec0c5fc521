"""The Template connector. Importing it loads no vendor library."""
