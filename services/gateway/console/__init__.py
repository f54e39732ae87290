"""The console: server-rendered pages for agents and ops."""
