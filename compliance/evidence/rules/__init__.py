"""What other tools judged, rule by rule: their reports in, RuleReport records out."""
