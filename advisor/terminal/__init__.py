"""Text for a terminal, to be read by an owner or a bank officer; Rich draws it.

advice.py    the advice for one firm
rules.py     instruments, rules and facts
saying.py    what the pages share
folding.py   lines of Chinese, folded
"""
