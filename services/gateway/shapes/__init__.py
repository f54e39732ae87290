"""What the gateway answers, for type checkers and for its OpenAPI document.

The owners of the data make these documents and the gateway passes them on unchanged, so they are
described here, not converted.
"""
