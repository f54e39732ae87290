"""Kafka plumbing: topics, publishing, consuming, dead letters, trace headers."""
