"""What the data is: fields, filters, the taxonomy, and one file for each noun. Nothing here knows SQLite or Flask."""
