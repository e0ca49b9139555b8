"""What can be asked in Python; ``import stallscope`` has all of it, see docs/python.md."""
