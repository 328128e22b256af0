"""Rule files: YAML written by finance people, read into an immutable RuleSet.

    yamlfile.py    strict YAML: duplicate keys, traps and anchors are refused; every value knows its line
    entry.py       one mapping of a file, read key by key; every problem is noted with its place
    catalogue.py   facts, derived facts, size standard
    instruments.py instruments with their versions and examples; gates; sources; documents
    judgement.py   stages, warnings, ladder, ranking, plausibility
    folder.py      a folder of rules -> RuleSet, with a cache keyed by the hash of the files
    examples.py    every example of every instrument, tried

Nothing here judges a firm; that is the domain's work.
"""
