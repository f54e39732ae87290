"""The rules beside contradiction: one file a kind, each a factory that answers a `Rule`."""
