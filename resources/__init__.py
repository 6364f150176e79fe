"""Icons, the sample shop's definition and templates; read through ``importlib.resources``."""
