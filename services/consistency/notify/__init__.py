"""Who is told of alerts, and who is not for now: silences, inhibition, routes, notifications.

It follows the topic `alerts` like any reader of it and keeps what it needs to know of each alert in collections of its
own, in the database of the first generation: a rebuilt generation finds all of it as it was.
"""
