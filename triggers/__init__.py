"""HTTP in and out: parse, call the domain, and tell the answer."""
