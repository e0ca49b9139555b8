"""What the user gives and gets: YAML and JSON read and checked, mistakes said in a line, outputs that appear whole."""
