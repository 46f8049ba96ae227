"""What the apps send and read, as scripts of requests that are replayed against a stack (apps §9)."""
