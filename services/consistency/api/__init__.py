"""The service's HTTP API, for the gateway: a file a concept."""
