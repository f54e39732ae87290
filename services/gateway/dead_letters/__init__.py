"""Dead letters as operators see them: what could not be processed, what was replayed, what came back.

All of it is derived from the topic `dead-letters`, which has the letters and the marks of what was replayed.
"""
