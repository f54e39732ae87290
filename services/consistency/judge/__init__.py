"""The outside judge: models that are asked about pairs of messages which rules and comparer leave undecided."""
