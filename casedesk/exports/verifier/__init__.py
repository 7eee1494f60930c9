"""The verifier of packets: one file that is handed out as it is, and imports nothing but the standard library."""
