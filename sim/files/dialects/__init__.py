"""What config.json files say, one file for each family of models."""
