"""Generations: what a service makes of the log, made again beside what runs, under names of its own.

A generation has its own consumer groups and its own database, so that two of them never share a document or an
offset. The first has no name, and the names that the settings give.
"""
