"""The contract between console and API: records, requests, enums, permission keys and problem codes.

Nothing here does I/O. Both sides import it, and the committed ``docs/openapi.json`` is generated from it.
"""
