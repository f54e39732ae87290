"""The local stack: embedded servers and the four services as child processes on loopback."""
