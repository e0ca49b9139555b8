"""What people see of a run: in the terminal, as Markdown, as figures, as a page, and graphs drawn."""
