"""The use cases: the only door for the shells (command line, Python, web).

advisor.py   Advisor: rules read once, any number of firms advised
view.py      Advice as plain data for JSON, in one language
"""
