"""The kernel: what can be known of a firm, and what follows from it.

Standard library only; no file, no framework, no clock, no network. Values in, values out.

    Fact            something that can be known of a firm (facts.py); a derived fact is a formula over facts
    Firm            the facts known of one enterprise; an unknown fact is None, never 0 and never "no" (firm.py)
    Condition       a tree of tests on facts: true, false or unknown (condition.py)
    Criterion       a condition of an instrument, with its role, origin and sources (instrument.py)
    Instrument      a way to finance, or a support that changes financing, in nine families (instrument.py)
    RuleSet         everything the rule files say, as of a date (ruleset.py)
    StageEstimate   probabilities over startup, growth, mature, decline, with the evidence (stage.py)
    FundChain       green, amber or red, with the signals (warning.py)
    Ladder          the titles held, the next one, what is missing (ladder.py)
    Match           one instrument judged for one firm: eligibility, suitability, reasons, changes (matching.py)
    Advice          all of it for one firm: what a page shows and a case keeps (advice.py)
"""
