"""The HTTP API for people's tools: one file a subject."""
