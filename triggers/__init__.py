"""HTTP in and out, and the sweep on a timer: parse, call the domain, and tell the answer."""
