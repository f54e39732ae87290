"""The demo: a history of many departments, published over HTTP, and what was found in it."""
