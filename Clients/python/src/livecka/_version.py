"""The client's version, as it stands in every hello message."""

__version__ = "0.1.0"
