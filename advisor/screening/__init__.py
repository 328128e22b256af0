"""The rules over a table of firms: files in, verdicts for every firm, files out."""
