"""Tables of rows in files: CSV, XLSX and Parquet, read without trust and written whole or not at all."""
