"""Statements as owners bring them, read into facts: every figure with its line, its unit and its period, or not at all. No rules, no clock."""
